package prometheus_test

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/rightful-go/rightful/adapters/prometheus"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// quiet is a notifier that nobody hears.
type quiet struct{}

func (quiet) Publish(context.Context, authz.Revision) error { return nil }

func (quiet) Subscribe(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

func open(t *testing.T, notifier authz.Notifier) *authz.Engine {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Notifier: notifier, PollInterval: time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// exposed returns what Prometheus reads from a registry with the engine.
func exposed(t *testing.T, engine *authz.Engine) string {
	t.Helper()
	registry := client.NewPedanticRegistry() // checks what is collected against what is described
	registry.MustRegister(prometheus.NewCollector(engine))
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatal(w.Body)
	}
	return w.Body.String()
}

// varying are values that depend on time.
var varying = regexp.MustCompile(`(?m)^(rightful_policy_age_seconds|rightful_commit_seconds_sum|rightful_commit_seconds_bucket\{.*\}) .*$`)

func TestMetrics(t *testing.T) {
	engine := open(t, quiet{})
	view := []authz.Permission{"a:view"}
	for _, user := range []authz.UserID{"ana", "ana", "ben", "", "", ""} {
		engine.Decide(authz.Question{User: user, Permissions: view})
	}
	got := varying.ReplaceAllString(exposed(t, engine), "$1 …")
	const file = "testdata/metrics.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("exposed\n%s\nnot\n%s", got, want)
	}
	problems, err := promlint.New(strings.NewReader(exposed(t, engine))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// Uses that were written and those that were lost are told apart.
func TestUsesAreCounted(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Usage: authz.UsageOptions{On: true}, PollInterval: time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	engine.RecordUse(engine.Decide(authz.Question{User: "ana", Permissions: []authz.Permission{"a:view"}}))
	if err := engine.Close(t.Context()); err != nil { // writes what waits
		t.Fatal(err)
	}
	text := exposed(t, engine)
	for _, line := range []string{"rightful_uses_recorded_total 1\n", "rightful_uses_lost_total 0\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q isn't in\n%s", line, text)
		}
	}
}

func TestWithoutNotifier(t *testing.T) {
	if text := exposed(t, open(t, nil)); strings.Contains(text, "notifier_up") {
		t.Error("there is a notifier")
	}
}

// No label names a user.
func TestNoLabelNamesAUser(t *testing.T) {
	engine := open(t, quiet{})
	d := engine.Decide(authz.Question{User: "ben-is-asking", Permissions: []authz.Permission{"a:view"}})
	engine.RecordDenial(d, "GET", "/ben-is-asking")
	if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "ben-is-asking"); err != nil {
		t.Fatal(err)
	}
	if text := exposed(t, engine); strings.Contains(text, "ben-is-asking") {
		t.Error(text)
	}
}

var (
	metricName = regexp.MustCompile(`\brightful_[a-z_]+\b`)
	suffix     = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// names returns the metrics that a text names, without the suffixes of a histogram.
func names(text string) []string {
	var list []string
	for _, name := range metricName.FindAllString(text, -1) {
		list = append(list, suffix.ReplaceAllString(name, ""))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Dashboard, alerts and the page about them name metrics that exist, and each metric is on the page and on the
// dashboard.
func TestNamedMetricsExist(t *testing.T) {
	exported := names(exposed(t, open(t, quiet{})))
	if len(exported) < 13 {
		t.Errorf("only %v are exported", exported)
	}
	for file, all := range map[string]bool{"alerts.yaml": false, "alerts_test.yaml": false, "dashboard.json": true, "../../docs/operations.md": true} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(string(text), "\n## Metrics and alerts\n") // other sections name tables
		if section, _, _ = strings.Cut(section, "\n## "); !ok {
			section = string(text)
		}
		named := names(section)
		for _, name := range named {
			if !slices.Contains(exported, name) {
				t.Errorf("%s names %s, which isn't exported", file, name)
			}
		}
		for _, name := range exported {
			if all && !slices.Contains(named, name) {
				t.Errorf("%s lacks %s", file, name)
			}
		}
		if len(named) == 0 {
			t.Errorf("%s names no metric", file)
		}
	}
}

// The Go of the page is that of the example, which runs.
func TestPageShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(page), "```go\n")
	block, _, _ = strings.Cut(block, "```")
	if !ok || !strings.Contains(strings.ReplaceAll(string(example), "\t", ""), block) {
		t.Errorf("the example isn't\n%s", block)
	}
}

func TestDashboardIsJSON(t *testing.T) {
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 || panel.Title == "" {
			t.Errorf("a panel %q without a query", panel.Title)
		}
		for _, target := range panel.Targets {
			if !strings.Contains(target.Expr, `{job=~"$job"`) {
				t.Errorf("%s: the query %s is of all jobs", panel.Title, target.Expr)
			}
		}
	}
}

var alertName = regexp.MustCompile(`alert: (\w+)`)

// Each alert is explained on the page.
func TestAlertsAreExplained(t *testing.T) {
	rules, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := alertName.FindAllStringSubmatch(string(rules), -1)
	if len(found) < 10 {
		t.Errorf("only %d alerts", len(found))
	}
	for _, m := range found {
		if !strings.Contains(string(page), "`"+m[1]+"`") {
			t.Errorf("the page lacks %s", m[1])
		}
	}
}

// The rules are valid, and each alert is raised when it should be: promtool says so.
func TestAlertRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool was not found; it is in the package prometheus of Debian")
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = strings.NewReader(exposed(t, open(t, quiet{})))
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func TestNewCollectorWithoutEngine(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it doesn't panic")
		}
	}()
	prometheus.NewCollector(nil)
}
