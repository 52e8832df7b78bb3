module github.com/rightful-go/rightful/tools/hosts/nethttp

go 1.26.0

replace github.com/rightful-go/rightful => ../../..

require github.com/rightful-go/rightful v0.0.0

require (
	github.com/bmatcuk/doublestar/v4 v4.6.1 // indirect
	github.com/casbin/casbin/v2 v2.135.0 // indirect
	github.com/casbin/govaluate v1.3.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
