package gormstore_test

import (
	"testing"

	"github.com/casbin/casbin/v2/model"
	"github.com/rightful-go/rightful"
)

// newModel is the model by which plain Casbin reads the table.
func newModel(t *testing.T) model.Model {
	t.Helper()
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
