# The rules are data, in objects that are looked up by key, never scanned.
package rightful

default allow := false

allow if {
	granted
	not restricted
}

allow if administrator

granted if {
	some group in data.users[input.user]
	data.granted[group][input.permission]
}

restricted if {
	some group in data.users[input.user]
	data.restricted[group][input.permission]
}

administrator if "Administrators" in data.users[input.user]
