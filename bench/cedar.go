package main

import (
	_ "embed"
	"fmt"

	"github.com/cedar-policy/cedar-go"
)

//go:embed policy.cedar
var cedarPolicy []byte

// cedarPolicies is cedar-go with users and groups as its entity hierarchy, and permissions as
// entities whose attributes name the groups that grant and restrict them.
type cedarPolicies struct {
	policies *cedar.PolicySet
	entities cedar.EntityMap
	use      cedar.EntityUID
}

func (c *cedarPolicies) name() string { return "cedar-go" }

func (c *cedarPolicies) load(p policy) error {
	var err error
	if c.policies, err = cedar.NewPolicySetFromBytes("policy.cedar", cedarPolicy); err != nil {
		return err
	}
	c.use = cedar.NewEntityUID("Action", "use")
	c.entities = make(cedar.EntityMap, p.users+p.groups*(p.parts()+1)+1)
	groups := make([]cedar.EntityUID, p.groups)
	for g, name := range p.groupNames {
		groups[g] = cedar.NewEntityUID("Group", cedar.String(name))
		c.add(groups[g])
	}
	c.add(cedar.NewEntityUID("Group", "Administrators"))
	c.addPermissions(p, groups)
	for u := range p.users {
		in := p.groupsOf(u)
		c.add(userUID(p.user(u)), groups[in[0]], groups[in[1]])
	}
	return nil
}

func (c *cedarPolicies) add(uid cedar.EntityUID, parents ...cedar.EntityUID) {
	c.entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(parents...)}
}

func (c *cedarPolicies) addPermissions(p policy, groups []cedar.EntityUID) {
	for g, group := range groups {
		for part := range p.parts() {
			knows := cedar.RecordMap{"granted": cedar.NewSet(group)}
			if p.restricted(part) {
				knows["restricted"] = cedar.NewSet(group)
			}
			uid := permissionUID(p.permission(g, part))
			c.entities[uid] = cedar.Entity{UID: uid, Attributes: cedar.NewRecord(knows)}
		}
	}
}

func userUID(user string) cedar.EntityUID { return cedar.NewEntityUID("User", cedar.String(user)) }

func permissionUID(permission string) cedar.EntityUID {
	return cedar.NewEntityUID("Permission", cedar.String(permission))
}

func (c *cedarPolicies) decide(q question) (bool, error) {
	decision, diagnostic := cedar.Authorize(c.policies, c.entities, cedar.Request{
		Principal: userUID(q.user),
		Action:    c.use,
		Resource:  permissionUID(q.permission),
	})
	if len(diagnostic.Errors) > 0 {
		return false, fmt.Errorf("cedar: %s", diagnostic.Errors[0].Message)
	}
	return decision == cedar.Allow, nil
}
