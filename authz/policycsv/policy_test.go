package policycsv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func TestReadPolicy(t *testing.T) {
	ana := []string{"g", "ana", "group:Finance"}
	tests := []struct {
		name, text string
		want       []authz.PolicyLine
	}{
		{"nothing", "", nil},
		{"a byte order mark alone", "\uFEFF", nil},
		{"blank lines and comments alone", "\n \t\n# p, ana, a, b\n\t # g, ana, group:Finance\n\r\n", nil},
		{"a byte order mark", "\uFEFFg, ana, group:Finance\n", []authz.PolicyLine{{Number: 1, Fields: ana}}},
		{"CRLF, and none at the end", "\r\ng, ana, group:Finance\r\ng, ana, group:Finance", []authz.PolicyLine{{Number: 2, Fields: ana}, {Number: 3, Fields: ana}}},
		{"CR before the end of the file", "g, ana, group:Finance\r", []authz.PolicyLine{{Number: 1, Fields: ana}}},
		{"spaces and tabs", "\t g,\t ana,  group:Finance \t\n", []authz.PolicyLine{{Number: 1, Fields: ana}}},
		{"no spaces", `g,"ana","group:Finance"`, []authz.PolicyLine{{Number: 1, Fields: ana}}},
		{"an effect left out", "p, ana, *, *\n", []authz.PolicyLine{{Number: 1, Fields: []string{"p", "ana", "*", "*", "allow"}}}},
		{"both effects", "p, ana, *, *, deny\np, ana, *, *, allow\n", []authz.PolicyLine{
			{Number: 1, Fields: []string{"p", "ana", "*", "*", "deny"}}, {Number: 2, Fields: []string{"p", "ana", "*", "*", "allow"}},
		}},
		{"what quotes keep", `g, " a,""b"" ", " c"`, []authz.PolicyLine{{Number: 1, Fields: []string{"g", ` a,"b" `, " c"}}}},
		{"a field of quotes", `g, """", """"""`, []authz.PolicyLine{{Number: 1, Fields: []string{"g", `"`, `""`}}}},
		{"a number sign that is no comment", "g, #7, group:# 1 # 2\n", []authz.PolicyLine{{Number: 1, Fields: []string{"g", "#7", "group:# 1 # 2"}}}},
		{"white space that names may not hold, for the engine to refuse", "g, ana\u00a0,\u00a0group:Finance\n", []authz.PolicyLine{
			{Number: 1, Fields: []string{"g", "ana\u00a0", "\u00a0group:Finance"}},
		}},
		{"a comment in an old encoding", "# gr\xfc\xdfe\ng, ana, group:Finance\n", []authz.PolicyLine{{Number: 2, Fields: ana}}},
		{"a line of 64 KiB", "g, ana, " + strings.Repeat("x", 65536-8) + "\r\n", []authz.PolicyLine{
			{Number: 1, Fields: []string{"g", "ana", strings.Repeat("x", 65536-8)}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// One byte at a time, so that nothing depends on how the text arrives.
			policy, err := policycsv.ReadPolicy(iotest.OneByteReader(strings.NewReader(test.text)))
			if err != nil || policy.FaultCount > 0 {
				t.Fatal(policy.Faults, err)
			}
			if !reflect.DeepEqual(policy.Lines, test.want) {
				t.Errorf("got %#v, want %#v", policy.Lines, test.want)
			}
		})
	}
}

// TestReaderFails holds that a file that broke off is no policy: what is missing may be a
// restriction.
func TestReaderFails(t *testing.T) {
	lost := errors.New("the connection is lost")
	for _, broken := range []error{lost, io.ErrUnexpectedEOF, fmt.Errorf("proxy: %w", io.EOF)} {
		r := func() io.Reader {
			return io.MultiReader(strings.NewReader("p, ana, *, *\np, ana, secr"), iotest.ErrReader(broken))
		}
		policy, err := policycsv.ReadPolicy(r())
		if err != broken || policy.Lines != nil || policy.FaultCount != 0 {
			t.Errorf("policy: got %v and the error %v", policy, err)
		}
		if catalog, err := policycsv.ReadCatalog(io.MultiReader(strings.NewReader("category,permission,label\n"), r())); err != broken || catalog != nil {
			t.Errorf("catalog: got %v and the error %v", catalog, err)
		}
		if groups, err := policycsv.ReadGroups(io.MultiReader(strings.NewReader("name,description\n"), r())); err != broken || groups != nil {
			t.Errorf("groups: got %v and the error %v", groups, err)
		}
	}
}

// TestLongLineIsNoAllocationBomb reads a line of 64 MiB between two good ones.
func TestLongLineIsNoAllocationBomb(t *testing.T) {
	const good = "g, ana, group:Finance\n"
	r := io.MultiReader(
		strings.NewReader(good+"p, "),
		io.LimitReader(endless{}, 64<<20),
		strings.NewReader("\n"+good))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	policy, err := policycsv.ReadPolicy(r)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if len(policy.Lines) != 2 || policy.Lines[1].Number != 3 {
		t.Errorf("got the lines %v", policy.Lines)
	}
	want := []authz.Fault{{Line: 2, Detail: "the line is longer than 64 KiB; is a line break missing?"}}
	if !reflect.DeepEqual(policy.Faults, want) {
		t.Errorf("got the faults %v", policy.Faults)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("allocated %d bytes", got)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A file of nothing but faults stays affordable: 1,000 are listed, all are counted.
func TestFaultsAreListedToALimitAndAllCounted(t *testing.T) {
	policy, err := policycsv.ReadPolicy(strings.NewReader(strings.Repeat("x\n", 2000)))
	if err != nil {
		t.Fatal(err)
	}
	if policy.FaultCount != 2000 {
		t.Fatalf("counted %d", policy.FaultCount)
	}
	const detail = `the first field is "x"; it must be p (a rule) or g (a membership), with commas between the fields`
	if got := policy.Faults[999]; got != (authz.Fault{Line: 1000, Detail: detail}) {
		t.Errorf("the last with a text is %v", got)
	}
	if n := len(policy.Faults); n != 1000 {
		t.Errorf("%d are listed", n)
	}
	_, err = policycsv.ReadGroups(strings.NewReader("name,description\n" + strings.Repeat("x\n", 2000)))
	var rejected *authz.Error
	if !errors.As(err, &rejected) || len(rejected.Faults) != 1000 || rejected.Count != 2000 {
		t.Errorf("the import error is %v", err)
	}
}

func TestWritePolicyRefusesWhatWouldNotReadBack(t *testing.T) {
	tests := []struct {
		name string
		row  authz.Row
		want string
	}{
		{"no type", authz.Row{V: [6]string{"a", "b"}}, `the first field is "";`},
		{"another type", authz.Row{Type: "g2", V: [6]string{"a", "b"}}, `the first field is "g2";`},
		{"too short", authz.Row{Type: "g", V: [6]string{"a"}}, "a g line has 3 fields (g, member, group), but this one has 2"},
		{"too long", authz.Row{Type: "g", V: [6]string{"a", "b", "c"}}, "a g line has 3 fields (g, member, group), but this one has 4"},
		{"a gap", authz.Row{Type: "p", V: [6]string{"a", "", "c"}}, "the object (field 3) is empty"},
		{"a gap before the end", authz.Row{Type: "p", V: [6]string{"a", "b", "c", "", "", "x"}}, "this one has 7"},
		{"an effect", authz.Row{Type: "p", V: [6]string{"a", "b", "c", "no"}}, `the effect is "no"`},
		{"a line break", authz.Row{Type: "g", V: [6]string{"a\ng", "b"}}, "byte 5 is a line break"},
		{"a carriage return", authz.Row{Type: "g", V: [6]string{"a\rb", "b"}}, "byte 5 is a carriage return"},
		{"a carriage return at the end", authz.Row{Type: "g", V: [6]string{"a", "b\r"}}, "is a carriage return"},
		{"a NUL", authz.Row{Type: "g", V: [6]string{"a", "\x00b"}}, "byte 7 is a NUL"},
		{"no UTF-8", authz.Row{Type: "g", V: [6]string{"a", "b\xff"}}, "byte 8 (0xFF) is not valid UTF-8"},
		{"64 KiB and one", authz.Row{Type: "g", V: [6]string{"a", strings.Repeat("x", 65536-5)}}, "longer than 64 KiB"},
	}
	good := authz.Row{Type: "g", V: [6]string{"ana", "group:Finance"}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := policycsv.WritePolicy(&out, []authz.Row{good, test.row, good, {}})
			if err == nil || !strings.HasPrefix(err.Error(), "line 2 could not be read back: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v", err)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %q", out.String())
			}
		})
	}
}

func TestWriteFails(t *testing.T) {
	full := errors.New("the disk is full")
	if err := policycsv.WritePolicy(broken{full}, []authz.Row{{Type: "g", V: [6]string{"a", "b"}}}); err != full {
		t.Errorf("policy: got %v", err)
	}
	if err := policycsv.WriteCatalog(broken{full}, nil); err != full {
		t.Errorf("catalog: got %v", err)
	}
	if err := policycsv.WriteGroups(broken{full}, nil); err != full {
		t.Errorf("groups: got %v", err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// policyOf makes a policy of n lines with n/10 users.
func policyOf(n int) string {
	var text strings.Builder
	for i := range n {
		if i%4 == 0 {
			fmt.Fprintf(&text, "p, group:Desk %d, clients.requests.type%d, view, allow\n", i%1000, i)
		} else {
			fmt.Fprintf(&text, "g, user%d@example.com, group:Desk %d\n", i%(n/10+1), i%1000)
		}
	}
	return text.String()
}

func BenchmarkReadPolicy(b *testing.B) {
	text := policyOf(100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policycsv.ReadPolicy(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWritePolicy(b *testing.B) {
	policy, err := policycsv.ReadPolicy(strings.NewReader(policyOf(100_000)))
	if err != nil {
		b.Fatal(err)
	}
	rows := rowsIn(policy)
	b.ReportAllocs()
	for b.Loop() {
		if err := policycsv.WritePolicy(io.Discard, rows); err != nil {
			b.Fatal(err)
		}
	}
}
