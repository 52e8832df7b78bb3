package api

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// Texts are the words of a guard's pages in one language. Take those of [English] or [German] and
// replace what you like, or fill all of them in for another language. They are text, never HTML.
type Texts struct {
	// Language is what they are in, as a language tag (BCP 47) such as "de" or "pt-BR".
	Language string

	SignInFirst string // heading of a 401
	NotSignedIn string
	SignIn      string // link

	Unavailable string // heading of a 503
	TryAgain    string

	Forbidden   string // heading of a 403
	NotAllowed  string // where what is missing isn't told
	Needed      func(n int) string
	NeededOne   string // of several
	SignedInAs  string // with {user} where the id goes
	Missing     string // heading over the permissions that are missing
	OneIsEnough string // heading over those of which one would do
	Other       string // category of permissions that the catalog lacks
	WouldDo     string // heading over the groups of which one would do, see TellGroups

	Ask      string // heading over the text to send to an administrator
	SendThis string

	// The text to send: its first line, and what stands before a colon or above a list.
	Request      string
	User         string
	Address      string
	Time         string
	Denial       string
	AllAreNeeded string
	OneIsNeeded  string
	AnyWouldDo   string
}

// English returns the texts that a guard uses when it is given none.
func English() Texts {
	return Texts{
		Language: "en",

		SignInFirst: "Sign in first",
		NotSignedIn: "You are not signed in, and this isn’t open to everybody.",
		SignIn:      "Sign in",

		Unavailable: "Temporarily unavailable",
		TryAgain:    "What you may do can’t be looked up at the moment. Try again in a while.",

		Forbidden:  "Forbidden",
		NotAllowed: "You may not do this.",
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
		WouldDo:     "Groups that would do",

		Ask:      "Ask for access",
		SendThis: "Send this text to an administrator.",

		Request:      "Please give me access.",
		User:         "User",
		Address:      "Address",
		Time:         "Time",
		Denial:       "Denial",
		AllAreNeeded: "Missing permissions",
		OneIsNeeded:  "One of these permissions is missing",
		AnyWouldDo:   "One of these groups would do",
	}
}

// German returns the texts in German.
func German() Texts {
	return Texts{
		Language: "de",

		SignInFirst: "Bitte zuerst anmelden",
		NotSignedIn: "Sie sind nicht angemeldet, und diese Seite steht nicht allen offen.",
		SignIn:      "Anmelden",

		Unavailable: "Vorübergehend nicht verfügbar",
		TryAgain:    "Im Moment lässt sich nicht feststellen, was Sie dürfen. Versuchen Sie es in einer Weile noch einmal.",

		Forbidden:  "Kein Zugriff",
		NotAllowed: "Das dürfen Sie nicht.",
		Needed: func(n int) string {
			if n == 1 {
				return "Ihnen fehlt dafür 1 Berechtigung."
			}
			return fmt.Sprintf("Ihnen fehlen dafür %d Berechtigungen.", n)
		},
		NeededOne:   "Sie brauchen dafür eine dieser Berechtigungen.",
		SignedInAs:  "Sie sind angemeldet als {user}.",
		Missing:     "Was fehlt",
		OneIsEnough: "Eine davon genügt",
		Other:       "Sonstiges",
		WouldDo:     "Gruppen, die genügen würden",

		Ask:      "Zugriff anfragen",
		SendThis: "Senden Sie diesen Text an eine Administratorin oder einen Administrator.",

		Request:      "Bitte geben Sie mir Zugriff.",
		User:         "Benutzer",
		Address:      "Adresse",
		Time:         "Zeit",
		Denial:       "Ablehnung",
		AllAreNeeded: "Fehlende Berechtigungen",
		OneIsNeeded:  "Eine dieser Berechtigungen fehlt",
		AnyWouldDo:   "Eine dieser Gruppen würde genügen",
	}
}

const userMark = "{user}"

// check returns an error for a text that is missing, or has no place for the user.
func (t Texts) check() error {
	fields := reflect.ValueOf(t)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			return fmt.Errorf("the Texts in %q lack %s", t.Language, fields.Type().Field(i).Name)
		}
	}
	if !strings.Contains(t.SignedInAs, userMark) {
		return fmt.Errorf("the Texts in %q have a SignedInAs without %s", t.Language, userMark)
	}
	return nil
}

// heading returns what is above a page.
func (t *Texts) heading(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return t.SignInFirst
	case http.StatusServiceUnavailable:
		return strconv.Itoa(status) + " " + t.Unavailable
	}
	return strconv.Itoa(status) + " " + t.Forbidden
}

// needed says how much is missing.
func (t *Texts) needed(n int, oneIsEnough bool) string {
	switch {
	case n == 0:
		return t.NotAllowed
	case n > 1 && oneIsEnough:
		return t.NeededOne
	}
	return t.Needed(n)
}

// texts returns those in the language that whoever asks likes best.
func (g *Guard) texts(c *gin.Context) *Texts {
	languages := c.Request.Header.Values("Accept-Language")
	if g.options.Language != nil {
		languages = []string{g.options.Language(c)}
	}
	best, most := &g.options.Texts[0], 0.0
	for _, list := range languages {
		for element := range strings.SplitSeq(list, ",") {
			// A range of languages is written as one of media types is.
			language, weight, ok := mediaRange(element)
			if !ok || weight <= most {
				continue
			}
			if t := g.textsIn(language); t != nil {
				best, most = t, weight
			}
		}
	}
	return best
}

// textsIn looks a language up (RFC 4647 section 3.4): "de-AT" is content with "de".
func (g *Guard) textsIn(language string) *Texts {
	for language != "" && language != "*" {
		at := slices.IndexFunc(g.options.Texts, func(t Texts) bool { return strings.EqualFold(t.Language, language) })
		if at >= 0 {
			return &g.options.Texts[at]
		}
		language = language[:max(strings.LastIndexByte(language, '-'), 0)]
	}
	if language == "*" {
		return &g.options.Texts[0]
	}
	return nil
}
