// Package bearer identifies the users of signed tokens: JSON Web Tokens (RFC 7519), of an OpenID Connect
// provider or any other issuer, with keys that it fetches or that the host gives.
//
// Start with [New]. The method [Verifier.CurrentUser] is what a guard wants:
//
//	tokens, err := bearer.New(bearer.Options{Issuer: "https://login.example.com", Audiences: []string{"desk"}})
//	g := guard.New(engine, tokens.CurrentUser, guard.Options{})
//
// A request without a token that is valid now is anonymous and gets 401. If the keys that it takes to
// say so are unavailable, the request gets 503. verifier.go has the checks of a token, keys.go the
// rules by which keys are fetched and kept.
package bearer
