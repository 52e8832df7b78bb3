package api

import (
	"github.com/rightful-go/rightful/api/openapi"
)

// metadataAge lets caches store the metadata for an hour: it changes only with the host's
// configuration (section 11.9).
const metadataAge = "max-age=3600"

// metadata answers with the endpoints (section 9).
func (z *authZEN) metadata(c *call) {
	if c.refused() {
		return
	}
	base := z.PolicyDecisionPoint
	m := openapi.PolicyDecisionPoint{
		PolicyDecisionPoint:       base,
		AccessEvaluationEndpoint:  base + evaluationPath,
		AccessEvaluationsEndpoint: base + evaluationsPath,
		SearchSubjectEndpoint:     base + searchSubjectPath,
		SearchActionEndpoint:      base + searchActionPath,
	}
	if z.Resources != nil {
		m.SearchResourceEndpoint = base + searchResourcePath
	}
	c.http.Header("Cache-Control", metadataAge)
	c.ok(m)
}
