package guard

import (
	"net/http"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// Refusal is why a guard doesn't let a request through, as data for [Options.Refuse].
type Refusal struct {
	Kind   RefusalKind
	Status int    // the HTTP status that the guard would answer
	Method string // of the request
	Route  string // the pattern of the route, see [Options.Route]
	User   authz.UserID
	Detail string // one or two sentences for people, in the reader's language

	// What a user lacks is set for [RefusedForbidden] only, and no more of it than [Options.Tell] allows.
	Missing     []authz.Entry       // nothing grants these; without a label if the catalog lacks them
	ForbiddenBy []authz.Forbidden   // a rule grants these, and a restriction or a bad row denies them
	OneIsEnough bool                // one of Missing and ForbiddenBy would do; see [Guard.RequireAny]
	Groups      [][]authz.GroupName // alternatives, each of which is enough; see [TellGroups]
	DenialID    authz.DenialID      // leads administrators to the record; "" if denials aren't recorded

	question authz.Question // that was denied, for the page: it tells no more of it than the fields above
}

// RefusalKind is the kind of a [Refusal], for programs.
type RefusalKind string

// The kinds of refusals.
const (
	RefusedAnonymous    RefusalKind = "anonymous"            // 401: nobody is signed in
	RefusedForbidden    RefusalKind = "forbidden"            // 403: the user lacks a permission
	RefusedExpired      RefusalKind = "policy-too-old"       // 503: the policy is older than [authz.Options.MaxAge]
	RefusedUnidentified RefusalKind = "identity-unavailable" // 503: CurrentUser returned an error
	RefusedNotFound     RefusalKind = "not-found"            // 404: [ErrNotFound], or no route
	RefusedFailed       RefusalKind = "internal"             // 500: a function given to RequireFunc returned an error
)

// refusalKinds has what follows from the kind of a refusal: its problem document, the text for people, and whether
// readers can get a page.
var refusalKinds = map[RefusalKind]struct {
	problem  problem.Type
	english  func(Refusal) string
	detail   func(*Texts, Refusal) string
	withPage bool
}{
	RefusedAnonymous: {
		problem.Unauthenticated, always(problem.SignInFirst), func(t *Texts, _ Refusal) string { return t.NotSignedIn }, true,
	},
	RefusedForbidden: {
		problem.Forbidden, english.told, (*Texts).told, true,
	},
	RefusedExpired: {
		problem.StoreUnavailable, always(problem.ExpiredDetail), func(t *Texts, _ Refusal) string { return t.TryAgain }, true,
	},
	RefusedUnidentified: {
		problem.StoreUnavailable, always(problem.UnidentifiedDetail), func(t *Texts, _ Refusal) string { return t.TryAgain }, true,
	},
	RefusedNotFound: {
		problem.NotFound, always(notFoundDetail), func(t *Texts, _ Refusal) string { return t.NotFound }, false,
	},
	RefusedFailed: {
		problem.Internal, always(problem.InternalDetail), func(t *Texts, _ Refusal) string { return t.Failed }, false,
	},
}

const notFoundDetail = "Nothing exists at this address."

// english has the texts of the JSON, which is for programs and their developers.
var english = func() *Texts { t := English(); return &t }()

func always(detail string) func(Refusal) string { return func(Refusal) string { return detail } }

// document returns the refusal as a problem document.
func (f Refusal) document() problem.Document {
	kind := refusalKinds[f.Kind]
	p := problem.Document{Type: kind.problem, Detail: kind.english(f)}
	if f.Kind != RefusedForbidden {
		return p.Complete()
	}
	p.User, p.DenialID, p.Groups = f.User, f.DenialID, f.Groups
	for _, e := range f.Missing {
		p.Missing = append(p.Missing, problem.Missing{Permission: authz.Pattern(e.Permission), Label: e.Label, Category: e.Category})
	}
	for _, by := range f.ForbiddenBy {
		p.ForbiddenBy = append(p.ForbiddenBy, problem.Granted{Permission: by.Permission, Label: by.Label, Rule: by.Rule})
	}
	return p.Complete()
}

// answerOf is the answer that a host writes to a refused request.
type answerOf struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader notes that the answer has begun, unless the status is an informational one.
func (a *answerOf) WriteHeader(status int) {
	a.begun = a.begun || status >= http.StatusOK
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerOf) Write(body []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(body)
}

// ginWriter is what a framework's writer says of an answer that a function wrote to it past answerOf, as with Gin's
// context.
type ginWriter interface {
	Written() bool
	Status() int
}

// leaveToHost lets [Options.Refuse] answer, and reports whether it has done so.
func (g *Guard) leaveToHost(w http.ResponseWriter, r *http.Request, f Refusal) bool {
	if g.options.Refuse == nil {
		return false
	}
	answer := &answerOf{ResponseWriter: w}
	framework, ok := w.(ginWriter)
	if !ok {
		g.options.Refuse(answer, r, f)
		return answer.begun
	}
	before := framework.Status()
	g.options.Refuse(answer, r, f)
	return answer.begun || framework.Written() || framework.Status() != before
}
