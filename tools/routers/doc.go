// Package routers tests package guard with the routers that hosts use. It is a module of its own, so that embedders of
// Rightful don't get these routers.
package routers
