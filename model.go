// Package rightful carries the Casbin model that says what a Rightful policy means.
//
// The engine that decides by it is in [github.com/rightful-go/rightful/authz]; start there.
// The same model and the same table, read by any other Casbin, give the same answers.
package rightful

import _ "embed"

// Model is the text of model.conf: the definition of what a policy row means.
// Hand it to any Casbin together with an exported policy to ask the same questions there.
//
//go:embed model.conf
var Model string
