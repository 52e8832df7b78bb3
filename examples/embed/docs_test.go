package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	fileadapter "github.com/casbin/casbin/v2/persist/file-adapter"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/gin-gonic/gin"
	driver "github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/rightful-go/rightful"
	policycasbin "github.com/rightful-go/rightful/adapters/casbin"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// The functions here, in guards_test.go and in notify_test.go are the code of docs/embedding.md, those in console_test.go that
// of docs/console.md, and those in patterns_test.go that of docs/patterns.md; that for other routers and for
// gRPC is in tools/routers and api/grpcguard, modules of their own. TestGuideShowsThisCode checks this.

func openOnHostsDatabase(ctx context.Context, db *gorm.DB, key []byte, people authz.Directory) (*authz.Engine, error) {
	seed, err := policycsv.ReadSeed(os.DirFS("seed"))
	if err != nil {
		return nil, err
	}
	store, err := sqlite.New(ctx, db, gormstore.Options{Prefix: "acme"})
	if err != nil {
		return nil, err
	}
	return authz.Open(ctx, store, authz.Options{
		Seed:      &seed,
		Bootstrap: "ana",
		Directory: people,
		MaxAge:    10 * time.Minute,
		RecordKey: key,
	})
}

func adopt(ctx context.Context, store *gormstore.Store, oldModel string, key []byte) error {
	how := authz.AdoptOptions{Model: oldModel}
	report, err := authz.CheckAdoption(ctx, store, how)
	if err != nil {
		return err
	}
	if !report.Fits() {
		return fmt.Errorf("%d decisions differ, %d rows are bad", report.Comparison.DifferenceCount, report.Count[authz.RowBad])
	}
	engine, err := authz.Open(ctx, store, authz.Options{Adopt: &how, RecordKey: key})
	if err != nil {
		return err
	}
	return engine.Close(ctx)
}

func sessionUser(sessions interface {
	UserOf(ctx context.Context, token string) (string, error)
},
) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := c.Cookie("session")
		if err != nil {
			return // an anonymous request, which guards answer with 401
		}
		user, err := sessions.UserOf(c.Request.Context(), token)
		if err != nil {
			c.AbortWithStatus(http.StatusServiceUnavailable)
			return
		}
		c.Set("user", user)
	}
}

func guardInLanguages(engine *authz.Engine) *ginguard.Guard {
	english := guard.English()
	english.SendThis = "Send this text to it-desk@acme.example."
	g := ginguard.New(engine, currentUser, guard.Options{
		Tell:     guard.TellGroups,
		Texts:    []guard.Texts{english, guard.German()}, // the first is the default
		Language: func(r *http.Request) string { return ginguard.ContextOf(r).GetString("language") },
	})
	return g
}

func currentUser(c *gin.Context) authz.UserID { return authz.UserID(c.GetString("user")) }

func routesOf(r *gin.Engine, engine *authz.Engine, typeOf func(id string) (string, bool)) error {
	g := ginguard.New(engine, currentUser, guard.Options{SignIn: "/login"})
	routes := g.Router(r)
	routes.GET("/healthz", g.Open(), func(c *gin.Context) { c.Status(http.StatusOK) })
	routes.GET("/settings", g.Require("system.settings:view"), showSettings)
	routes.GET("/reports", g.RequireAny("finance.reports:view", "finance.reports:export"), showReports)
	routes.POST("/requests/:id/approve", g.RequireFunc(func(c *gin.Context) ([]authz.Permission, error) {
		kind, found := typeOf(c.Param("id"))
		if !found {
			c.AbortWithStatus(http.StatusNotFound) // the guard adds nothing and lets nothing through
			return nil, nil
		}
		return []authz.Permission{
			authz.Permission("clients.requests." + kind + ":update"),
			"finance.operations:create",
		}, nil
	}), approve)
	api.Mount(r.Group("/api/v1"), engine, currentUser)
	return routes.Check()
}

func askAndAct(ctx context.Context, engine *authz.Engine) error {
	if engine.Can("ben", "finance.operations:create", "finance.operations:view") {
		log.Print("ben holds both")
	}
	for _, m := range engine.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{"finance.balances:adjust"}}).Missing() {
		log.Printf("ben lacks %s (%s)", m.Permission, m.Label)
	}
	change, err := engine.As("ana").Because("ticket 12").Grant(ctx, "Finance", "finance.reports:export")
	if err != nil {
		return err
	}
	log.Printf("revision %d: %d rules added", change.Revision, len(change.Delta.Added))
	return nil
}

func actTogether(ctx context.Context, engine *authz.Engine, requestID string, fixes authz.Fixes) error {
	_, err := engine.As("ana").Idempotent(requestID).Batch(ctx,
		authz.Operation{Action: authz.ActionGroupCreate, Group: "Night desk", Inherits: []authz.GroupName{"Deposit viewers"}},
		authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Night desk", Add: []authz.UserID{"emil"}},
	)
	if err != nil {
		return err
	}
	_, err = engine.As("ana").Batch(ctx, fixes.List[0].Operations...)
	return err
}

func export(engine *authz.Engine, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := policycsv.WriteView(file, engine.View()); err != nil {
		return err
	}
	return file.Close()
}

func askPlainCasbin(policy string) (bool, error) {
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return false, err
	}
	enforcer, err := casbin.NewEnforcer(m, fileadapter.NewAdapter(policy))
	if err != nil {
		return false, err
	}
	return enforcer.Enforce("ben", "finance.operations", "create")
}

func askPlainCasbinOnTheTable(store *gormstore.Store) (bool, error) {
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return false, err
	}
	adapter, err := policycasbin.NewAdapter(store)
	if err != nil {
		return false, err
	}
	enforcer, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		return false, err
	}
	return enforcer.Enforce("ben", "finance.operations", "create")
}

func showSettings(c *gin.Context) { c.String(http.StatusOK, "Settings\n") }
func approve(c *gin.Context)      { c.String(http.StatusOK, "Approved\n") }

// The 403 page is in the language that the application chooses, and has the configured contact.
func TestPageLanguage(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	for language, want := range map[string]string{"de-AT": "403 Kein Zugriff", "fr": "it-desk@acme.example"} {
		r := gin.New()
		r.Use(func(c *gin.Context) {
			c.Set("user", "ben")
			c.Set("language", language)
		})
		r.GET("/", guardInLanguages(engine).Require("a:b"))
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), want) {
			t.Errorf("language %s: got %d %s", language, w.Code, w.Body)
		}
	}
}

// Every Go example of the guides is in this package, or in the tests of other routers, line for line, and their script is
// in the back office.
func TestGuideShowsThisCode(t *testing.T) {
	var code string
	for _, name := range []string{
		"docs_test.go", "guards_test.go", "patterns_test.go", "notify_test.go", "console_test.go", "requests_test.go", "rightful.go",
		"../../tools/routers/chi_test.go", "../../tools/routers/echo_test.go", "../../api/grpcguard/example_test.go",
		"../backoffice/templates/needs.js",
	} {
		code += flat(read(t, name))
	}
	for guide, least := range map[string]int{"embedding.md": 15, "console.md": 3, "patterns.md": 4} {
		text := read(t, "../../docs/"+guide)
		blocks := strings.Split(text, "```go\n")[1:]
		if len(blocks) < least {
			t.Errorf("%s has only %d examples", guide, len(blocks))
		}
		for _, block := range append(blocks, strings.Split(text, "```js\n")[1:]...) {
			block, _, _ = strings.Cut(block, "```")
			if !strings.Contains(code, flat(block)) {
				t.Errorf("this example of %s isn't in the code:\n%s", guide, block)
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// flat removes indentation and empty lines.
func flat(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

type everyone struct{}

func (everyone) Active(context.Context, authz.UserID) (bool, error)     { return true, nil }
func (everyone) UserOf(_ context.Context, token string) (string, error) { return token, nil }

// The guide's code works as the guide says: it refuses a table that plain Casbin filled until it is
// adopted, it guards the routes, and plain Casbin reads what Rightful wrote.
func TestGuide(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "seed"), os.DirFS("../backoffice/seed")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	db, err := gorm.Open(driver.Open(filepath.Join(dir, "host.db")), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	fillWithPlainCasbin(t, db)
	key := []byte("a key")
	if _, err := openOnHostsDatabase(t.Context(), db, key, everyone{}); !errors.Is(err, authz.ErrNotAdopted) {
		t.Fatalf("the table isn't refused: %v", err)
	}
	store, err := sqlite.New(t.Context(), db, gormstore.Options{Prefix: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	if err := adopt(t.Context(), store, plainModel, key); err != nil {
		t.Fatal(err)
	}
	engine, err := openOnHostsDatabase(t.Context(), db, key, everyone{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })

	if !engine.Can("otto", "stock.items:view") || engine.Can("otto", "stock.items:delete") {
		t.Error("the adopted policy differs from that of plain Casbin")
	}
	if !slices.Contains(engine.View().User("ana").Groups, authz.Administrators) {
		t.Error("ana is not an administrator")
	}
	testGuideRoutes(t, engine)
	if err := askAndAct(t.Context(), engine); err != nil {
		t.Error(err)
	}
	ana := engine.As("ana")
	if _, err := ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Deposit viewers"}); err != nil && !errors.Is(err, authz.ErrGroupExists) {
		t.Fatal(err)
	}
	fixes, err := ana.Fixes(t.Context(), engine.View(), "newcomer", "stock.items:view")
	if err != nil {
		t.Fatal(err)
	}
	if err := actTogether(t.Context(), engine, "request-7", fixes); err != nil {
		t.Error(err)
	}
	if err := export(engine, "policy.csv"); err != nil {
		t.Fatal(err)
	}
	if ok, err := askPlainCasbin("policy.csv"); !ok || err != nil {
		t.Errorf("plain Casbin decides %v, %v from the export", ok, err)
	}
	if ok, err := askPlainCasbinOnTheTable(store); !ok || err != nil {
		t.Errorf("plain Casbin decides %v, %v from the table", ok, err)
	}
}

func testGuideRoutes(t *testing.T, engine *authz.Engine) {
	t.Helper()
	r := gin.New()
	r.Use(sessionUser(everyone{}))
	types := map[string]string{"1": "deposit", "3": "transfer"}
	err := routesOf(r, engine, func(id string) (string, bool) { kind, ok := types[id]; return kind, ok })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user, method, path string
		status             int
	}{
		{"", "GET", "/healthz", http.StatusOK},
		{"", "GET", "/settings", http.StatusUnauthorized},
		{"ana", "GET", "/settings", http.StatusOK},
		{"ben", "GET", "/settings", http.StatusForbidden},
		{"noor", "GET", "/reports", http.StatusOK},
		{"ben", "POST", "/requests/1/approve", http.StatusOK},
		{"ben", "POST", "/requests/3/approve", http.StatusForbidden},
		{"ben", "POST", "/requests/9/approve", http.StatusNotFound},
		{"ben", "GET", "/api/v1/me", http.StatusOK},
	} {
		q := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
		if c.user != "" {
			q.AddCookie(&http.Cookie{Name: "session", Value: c.user})
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		if w.Code != c.status {
			t.Errorf("%s %s as %q answers %d, want %d", c.method, c.path, c.user, w.Code, c.status)
		}
	}
}

// plainModel is Casbin's plain RBAC.
const plainModel = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
`

// fillWithPlainCasbin fills the table as an application that uses Casbin without Rightful.
func fillWithPlainCasbin(t *testing.T, db *gorm.DB) {
	t.Helper()
	adapter, err := gormadapter.NewAdapterByDBUseTableName(db, "acme", "casbin_rule")
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.NewModelFromString(plainModel)
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enforcer.AddPolicy("clerk", "stock.items", "view"); err != nil {
		t.Fatal(err)
	}
	if _, err := enforcer.AddGroupingPolicy("otto", "clerk"); err != nil {
		t.Fatal(err)
	}
}
