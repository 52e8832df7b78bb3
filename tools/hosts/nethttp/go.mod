module github.com/rightful-go/rightful/tools/hosts/nethttp

go 1.26.0

replace github.com/rightful-go/rightful => ../../..

require github.com/rightful-go/rightful v0.0.0
