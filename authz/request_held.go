package authz

import "slices"

// isHeld reports whether the user holds what the request asks for.
func (r AccessRequest) isHeld(v *View) bool {
	if !r.OneIsEnough {
		return v.Can(r.User, r.Permissions...)
	}
	for _, p := range r.Permissions {
		if v.Can(r.User, p) {
			return true
		}
	}
	return false
}

// missing returns the permissions that the user lacks.
func (r AccessRequest) missing(v *View) (list []Permission) {
	for _, p := range r.Permissions {
		if !v.Can(r.User, p) {
			list = append(list, p)
		}
	}
	return list
}

// heldUntil returns when the user will no longer hold what the request asks for, as far as the policy says now: 0 for
// no end.
func (r AccessRequest) heldUntil(v *View) Until {
	var ends []Until
	for _, p := range r.Permissions {
		if v.Can(r.User, p) {
			ends = append(ends, v.heldUntil(r.User, p).orForever())
		}
	}
	switch {
	case len(ends) == 0:
		return 0
	case r.OneIsEnough:
		return slices.Max(ends).orNever()
	}
	return slices.Min(ends).orNever()
}

// gainedUntil returns when the user loses again the last of what the request asks for and the user holds in one policy
// only, the one after another: 0 if that is nothing.
func (r AccessRequest) gainedUntil(before, after *View) (end Until) {
	for _, p := range r.Permissions {
		if after.Can(r.User, p) && !before.Can(r.User, p) {
			end = max(end, after.heldUntil(r.User, p).orForever())
		}
	}
	return end
}
