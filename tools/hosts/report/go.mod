module github.com/rightful-go/rightful/tools/hosts/report

go 1.26.0
