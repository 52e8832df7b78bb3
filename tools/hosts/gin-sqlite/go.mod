module github.com/rightful-go/rightful/tools/hosts/gin-sqlite

go 1.26.0

replace github.com/rightful-go/rightful => ../../..

require github.com/rightful-go/rightful v0.0.0
require github.com/gin-gonic/gin v1.12.0
