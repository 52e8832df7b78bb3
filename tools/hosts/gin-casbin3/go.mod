module github.com/rightful-go/rightful/tools/hosts/gin-casbin3

go 1.26.0

replace github.com/rightful-go/rightful => ../../..

require github.com/rightful-go/rightful v0.0.0
require github.com/casbin/casbin/v3 v3.10.0
require github.com/casbin/gorm-adapter/v3 v3.41.0
require github.com/gin-gonic/gin v1.12.0
require github.com/glebarez/sqlite v1.11.0
require gorm.io/gorm v1.31.2
