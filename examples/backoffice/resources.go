package main

import (
	"context"
	"strconv"
	"strings"
)

// requestMark begins the types of requests where they are asked about as resources: request 1,
// a deposit, is "1" of the type "clients.requests.deposit".
const requestMark = "clients.requests."

// resources lists the requests of a type by their numbers, for other services that search for
// those that someone may see or decide. There are no resources of other types.
func (a *app) resources(ctx context.Context, resourceType, after string, limit int) ([]string, error) {
	kind, ok := strings.CutPrefix(resourceType, requestMark)
	if !ok {
		return nil, nil
	}
	last, _ := strconv.ParseInt(after, 10, 64) // 0, behind which all are, at the beginning
	var numbers []int64
	err := a.db.WithContext(ctx).Model(&request{}).Where("type = ? AND id > ?", kind, last).
		Order("id").Limit(limit).Pluck("id", &numbers).Error
	ids := make([]string, len(numbers))
	for i, n := range numbers {
		ids[i] = strconv.FormatInt(n, 10)
	}
	return ids, err
}
