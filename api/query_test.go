package api_test

import (
	"strings"
	"testing"
)

// What net/url drops silently is refused (hazard 28), and the error names it.
func TestQueryIsReadStrictly(t *testing.T) {
	d := newDesk(t)
	for query, named := range map[string]string{
		"x=1":                        `"x"`,
		"Limit=5":                    `"Limit"`,
		"limit=5&limit=5":            `"limit"`,
		"q=a&q=b":                    `"q"`,
		"limit=5;q=a":                `limit=5;q=a`,
		"q=a;":                       `q=a;`,
		"q=%zz":                      `q=%zz`,
		"q=%":                        `q=%`,
		"q=%FF":                      `q=%FF`,
		"%FF=q":                      `%FF=q`,
		"q":                          `"q"`,
		"q=a&":                       `""`,
		"&q=a":                       `""`,
		"q=a&&limit=5":               `""`,
		"=a":                         `""`,
		"limit=0":                    `"limit"`,
		"limit=501":                  `"limit"`,
		"limit=-1":                   `"limit"`,
		"limit=%2B5":                 `"limit"`,
		"limit=05":                   `"limit"`,
		"limit=5.0":                  `"limit"`,
		"limit=":                     `"limit"`,
		"limit=99999999999999999999": `"limit"`,
		"cursor=":                    `"cursor"`,
		"cursor=x":                   `"cursor"`,
		"dry_run=true":               `"dry_run"`, // a read has none
	} {
		r := d.get("admin", "/groups?"+query)
		r.problem(400, "malformed-request")
		if detail := r.errors()[""]; !strings.Contains(strings.ReplaceAll(detail, `\`, ""), named) {
			t.Errorf("%s is refused with %q", query, detail)
		}
	}
	r := d.get("admin", "/groups?x=1&limit=0&q=a&q=b")
	if p := r.problem(400, "malformed-request"); len(p["errors"].([]any)) != 3 {
		t.Errorf("of three faults it names %v", p["errors"])
	}
}

func TestQueryIsUnderstood(t *testing.T) {
	d := newDesk(t)
	for _, query := range []string{"", "?", "?q=", "?limit=1", "?limit=500", "?q=a+b%20c", "?%71=a", "?q=%3B%26%3D"} {
		d.get("admin", "/groups"+query).want(200)
	}
	if got := d.get("admin", "/groups?q=deposit+view").items("name"); len(got) != 1 {
		t.Errorf("a plus is no space: %q", got)
	}
}

func TestQueryIsBounded(t *testing.T) {
	d := newDesk(t)
	d.get("admin", "/permissions?category="+strings.Repeat("x", 8<<10-len("category="))).want(200)
	d.get("admin", "/permissions?category="+strings.Repeat("x", 8<<10-len("category=")+1)).problem(413, "too-large")
	d.do("admin", "PUT", "/groups/Finance/members/ben?"+strings.Repeat("x", 9<<10), "").problem(413, "too-large")
}
