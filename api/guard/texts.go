package guard

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/accept"
)

// Texts are the texts of a guard's pages in one language. Start from [English] or [German] and replace
// what you like, or set all fields for another language. They are plain text, never HTML.
type Texts struct {
	// Language is the language of the texts, a language tag (BCP 47) such as "de" or "pt-BR".
	Language string

	SignInFirst string // heading of a 401
	NotSignedIn string
	SignIn      string // link

	Unavailable string // heading of a 503
	TryAgain    string

	// What [Options.Refuse] gets for a 404 and a 500, which have no page.
	NotFound string
	Failed   string

	Forbidden   string // heading of a 403
	NotAllowed  string // a 403 that doesn't say what is missing
	Needed      func(n int) string
	NeededOne   string // one of several permissions
	SignedInAs  string // with {user} in place of the id
	Missing     string // heading of the missing permissions
	OneIsEnough string // heading of missing permissions of which one is enough
	Other       string // category of permissions that the catalog lacks

	// A permission that is granted can be denied by a restriction, or by a faulty row of the policy table.
	IsRestricted  string // what is wrong
	IsFaulty      string
	RestrictedBy  string // heading of the permissions that a restriction denies
	FaultyRowOver string // heading of those that a faulty row denies

	WouldGrant string // heading of the groups, see TellGroups
	Back       string // link to [Options.Home]

	OpenInConsole string // link to [Options.Console]
	ConsoleHint   string // what stands beside it

	Ask      string // heading of the text to send to an administrator
	SendThis string
	Copy     string // button
	Copied   string // what was done then
	Selected string // what was done if the browser doesn't let the page copy

	// The form that asks for access, see [Options.API].
	Why       string // label of the reason
	UntilWhen string // heading of the ends to choose from
	NoEnd     string
	Today     string // until the end of the day
	AWeek     string // until the end of the day a week from now
	UntilDay  string // before a day to choose, until the end of which
	Day       string // label of that day
	SendForm  string // button

	// What became of the user's request, with {asked} in place of when it was made, and for some {decided} and {by} in
	// place of when and by which user it was decided, and {until} in place of the end of what was given.
	YourRequest    string // heading
	AskedOn        string // it is open
	Approved       string // without an end
	ApprovedUntil  string
	TryNow         string // it works by now, probably
	Reload         string // link to the page
	StillDenied    string // it worked once, but doesn't any more
	Declined       string
	DeclinedReason string // before the reason
	RequestExpired string
	MayAskAgain    string
	AskAgain       string // heading of the form then
	ByProgram      string // in place of {by}, if a program decided

	// The text to send: its first line, and the words before its colons and lists.
	Request          string
	User             string
	Address          string
	Time             string
	Denial           string
	AllAreNeeded     string
	OneIsNeeded      string
	OneGroupIsNeeded string
}

// English returns the texts in English, which are the default.
func English() Texts {
	return withEnglishRequests(Texts{
		Language: "en",

		SignInFirst: "Sign in first",
		NotSignedIn: "You need to sign in to see this.",
		SignIn:      "Sign in",

		Unavailable: "Temporarily unavailable",
		TryAgain:    "Your permissions can’t be checked right now. Try again later.",

		NotFound: "Nothing exists at this address.",
		Failed:   "Something went wrong on the server.",

		Forbidden:  "Forbidden",
		NotAllowed: "You don’t have permission to do this.",
		Needed: func(n int) string {
			if n == 1 {
				return "You need 1 more permission to do this."
			}
			return fmt.Sprintf("You need %d more permissions to do this.", n)
		},
		NeededOne:   "You need one of these permissions to do this.",
		SignedInAs:  "You are signed in as {user}.",
		Missing:     "What is missing",
		OneIsEnough: "One of these is enough",
		Other:       "Other",

		IsRestricted:  "A restriction forbids this, although you were given the permission.",
		IsFaulty:      "An error in the stored permissions forbids this. An administrator has to correct it first.",
		RestrictedBy:  "Given to you, but restricted",
		FaultyRowOver: "Given to you, but blocked by an error in the stored permissions",

		WouldGrant: "Groups that grant this",
		Back:       "Back to the start page",

		OpenInConsole: "Open in the console",
		ConsoleHint:   "Administrators see there why, and can give access.",

		Ask:      "Ask for access",
		SendThis: "Send this text to an administrator.",
		Copy:     "Copy the text",
		Copied:   "Copied.",
		Selected: "The text is selected. Copy it with Ctrl+C or ⌘C.",

		Request:          "Please give me access.",
		User:             "User",
		Address:          "Address",
		Time:             "Time",
		Denial:           "Denial",
		AllAreNeeded:     "Missing permissions",
		OneIsNeeded:      "One of these permissions is missing",
		OneGroupIsNeeded: "One of these groups would grant it",
	})
}

// German returns the texts in German.
func German() Texts {
	return withGermanRequests(Texts{
		Language: "de",

		SignInFirst: "Bitte zuerst anmelden",
		NotSignedIn: "Melden Sie sich an, um diese Seite zu sehen.",
		SignIn:      "Anmelden",

		Unavailable: "Vorübergehend nicht verfügbar",
		TryAgain:    "Ihre Berechtigungen lassen sich gerade nicht prüfen. Versuchen Sie es später noch einmal.",

		NotFound: "Unter dieser Adresse gibt es nichts.",
		Failed:   "Auf dem Server ist etwas schiefgegangen.",

		Forbidden:  "Kein Zugriff",
		NotAllowed: "Dafür fehlt Ihnen die Berechtigung.",
		Needed: func(n int) string {
			if n == 1 {
				return "Ihnen fehlt dafür 1 Berechtigung."
			}
			return fmt.Sprintf("Ihnen fehlen dafür %d Berechtigungen.", n)
		},
		NeededOne:   "Sie brauchen dafür eine dieser Berechtigungen.",
		SignedInAs:  "Sie sind angemeldet als {user}.",
		Missing:     "Fehlende Berechtigungen",
		OneIsEnough: "Eine davon genügt",
		Other:       "Sonstiges",

		IsRestricted:  "Eine Einschränkung verbietet das, obwohl Sie die Berechtigung haben.",
		IsFaulty:      "Ein Fehler in den gespeicherten Berechtigungen verbietet das. Zuerst muss ihn jemand aus der Administration beheben.",
		RestrictedBy:  "Erteilt, aber eingeschränkt",
		FaultyRowOver: "Erteilt, aber durch einen Fehler in den gespeicherten Berechtigungen blockiert",

		WouldGrant: "Gruppen mit diesen Berechtigungen",
		Back:       "Zurück zur Startseite",

		OpenInConsole: "In der Konsole öffnen",
		ConsoleHint:   "Wer die Rechte verwaltet, sieht dort den Grund und kann Zugriff geben.",

		Ask:      "Zugriff anfragen",
		SendThis: "Senden Sie diesen Text an eine Administratorin oder einen Administrator.",
		Copy:     "Text kopieren",
		Copied:   "Kopiert.",
		Selected: "Der Text ist markiert. Kopieren Sie ihn mit Strg+C oder ⌘C.",

		Request:          "Bitte geben Sie mir Zugriff.",
		User:             "Benutzer",
		Address:          "Adresse",
		Time:             "Zeit",
		Denial:           "Ablehnung",
		AllAreNeeded:     "Fehlende Berechtigungen",
		OneIsNeeded:      "Eine dieser Berechtigungen fehlt",
		OneGroupIsNeeded: "Eine dieser Gruppen würde genügen",
	})
}

const userMark = "{user}"

// check returns an error if a text is missing, or has no place for the user.
func (t Texts) check() error {
	fields := reflect.ValueOf(t)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			return fmt.Errorf("the texts in %q lack %s", t.Language, fields.Type().Field(i).Name)
		}
	}
	if !strings.Contains(t.SignedInAs, userMark) {
		return fmt.Errorf("SignedInAs in %q lacks the placeholder %s", t.Language, userMark)
	}
	return nil
}

// heading returns the heading of a page.
func (t *Texts) heading(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return t.SignInFirst
	case http.StatusServiceUnavailable:
		return strconv.Itoa(status) + " " + t.Unavailable
	}
	return strconv.Itoa(status) + " " + t.Forbidden
}

// needed says how many permissions are missing.
func (t *Texts) needed(n int, oneIsEnough bool) string {
	switch {
	case n == 0:
		return t.NotAllowed
	case n > 1 && oneIsEnough:
		return t.NeededOne
	}
	return t.Needed(n)
}

// told says why a request is refused: first what no grant helps against.
func (t *Texts) told(f Refusal) string {
	has := func(rule authz.Obstacle) bool {
		return slices.ContainsFunc(f.ForbiddenBy, func(by authz.Forbidden) bool { return by.Rule == rule })
	}
	var parts []string
	if has(authz.ObstacleRow) {
		parts = append(parts, t.IsFaulty)
	}
	if has(authz.ObstacleRestriction) {
		parts = append(parts, t.IsRestricted)
	}
	if len(f.Missing) > 0 || len(parts) == 0 {
		parts = append(parts, t.needed(len(f.Missing), f.OneIsEnough))
	}
	return strings.Join(parts, " ")
}

// texts returns the texts in the language that the user prefers.
func (g *Guard) texts(r *http.Request) *Texts {
	tags := make([]string, len(g.options.Texts))
	for i, t := range g.options.Texts {
		tags[i] = t.Language
	}
	return &g.options.Texts[max(accept.Language(g.options.Language(r), tags), 0)]
}
