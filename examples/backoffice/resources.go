package main

import (
	"context"
	"strconv"
	"strings"
)

// requestMark is the prefix of AuthZEN's resource types for requests: request 1, a deposit, is the
// resource "1" of the type "clients.requests.deposit".
const requestMark = "clients.requests."

// resources implements [api.AuthZENOptions] Resources: it lists the requests of a type by their
// numbers, after the given one. There are no resources of other types.
func (a *app) resources(ctx context.Context, resourceType, after string, limit int) ([]string, error) {
	kind, ok := strings.CutPrefix(resourceType, requestMark)
	if !ok {
		return nil, nil
	}
	last, _ := strconv.ParseInt(after, 10, 64) // 0 for the first page
	var numbers []int64
	err := a.db.WithContext(ctx).Model(&request{}).Where("type = ? AND id > ?", kind, last).
		Order("id").Limit(limit).Pluck("id", &numbers).Error
	ids := make([]string, len(numbers))
	for i, n := range numbers {
		ids[i] = strconv.FormatInt(n, 10)
	}
	return ids, err
}
