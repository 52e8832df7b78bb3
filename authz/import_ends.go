package authz

import "strings"

// importEnds are the ends of the memberships in a file.
type importEnds struct {
	d       *draft
	ends    map[Rule]Until // without those that have no end
	revived []Rule         // memberships that stand but have ended
	faults  faultList
}

// read notes the end of the membership on a line. It is false for a line that is rejected or left out.
func (e *importEnds) read(line int, r Rule, end Until) bool {
	if end == 0 {
		return true
	}
	other, twice := e.ends[r]
	switch {
	case r.Kind != KindMember:
		e.faults.addf(line, "only a membership can end; remove the comment that sets the end, or put it above a membership")
		return false
	case end <= e.d.time:
		e.d.leftOut++
		return false
	case end.fault(e.d.time) != nil:
		e.faults.add(line, end.fault(e.d.time).Error())
		return false
	case twice && other != end:
		e.faults.addf(line, "%s is in the file twice, with different ends", r.describe())
		return false
	}
	r.Subject, r.Group = Subject(strings.Clone(string(r.Subject))), GroupName(strings.Clone(string(r.Group)))
	e.ends[r] = end
	return true
}

// stands notes a line whose membership stands.
func (e *importEnds) stands(r Rule) {
	if r.Kind != KindMember {
		return
	}
	if end := e.d.s.endOf(r); end != 0 && end <= e.d.time {
		e.revived = append(e.revived, r)
	}
}

// draft drafts the ends of the memberships that the file sets and that it removes.
func (e *importEnds) draft(sets, removes []Rule) error {
	if e.d.s.ends.Len() == 0 && len(e.ends) == 0 {
		return nil
	}
	for _, rules := range [][]Rule{sets, e.revived} {
		for _, r := range rules {
			if e.d.s.endOf(r) != 0 && e.ends[r] == 0 && e.d.s.hasRule(r) {
				e.d.droppedEnds++
			}
			if err := e.set(r, e.ends[r]); err != nil {
				return err
			}
		}
	}
	for _, r := range removes {
		if err := e.set(r, 0); err != nil {
			return err
		}
	}
	return nil
}

func (e *importEnds) set(r Rule, after Until) error {
	if before := e.d.s.endOf(r); r.Kind == KindMember && before != after {
		e.d.delta.Ends = append(e.d.delta.Ends, EndChange{UserID(r.Subject), r.Group, before, after})
	}
	return e.d.canceled()
}
