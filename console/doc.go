// Package console serves a console for administrators: pages in a browser for what the admin REST interface of package
// api does. Mount it beside that interface:
//
//	api.Mount(r.Group("/api/v1"), engine, currentUser)
//	console.Mount(r.Group("/console"), console.Options{API: "/api/v1", SignIn: "/login"})
//
// The console is a set of files that are the same for everybody, so they need no sign-in. Everything that it shows comes
// from the REST interface, with the rights of the signed-in person. It works under any path. The files are embedded in the
// package; building a host needs Go alone. Their sources are in console/app.
package console
