package main

import "encoding/json"

// answerable returns a request with several evaluations, in which each evaluation that got an error, or
// no answer because an earlier one ended the list, is replaced with an empty one. It returns nil for
// any other exchange.
func answerable(e *exchange) *exchange {
	var body map[string]json.RawMessage
	var asked []json.RawMessage
	if json.Unmarshal(e.Body, &body) != nil || json.Unmarshal(body["evaluations"], &asked) != nil {
		return nil
	}
	var answers struct {
		Evaluations []struct {
			Context struct {
				Error json.RawMessage `json:"error"`
			} `json:"context"`
		} `json:"evaluations"`
	}
	if json.Unmarshal(e.Answer, &answers) != nil || len(answers.Evaluations) == 0 {
		return nil
	}
	for i := range asked {
		if i >= len(answers.Evaluations) || answers.Evaluations[i].Context.Error != nil {
			asked[i] = json.RawMessage("{}")
		}
	}
	rest := *e
	body["evaluations"], _ = json.Marshal(asked)
	rest.Body, _ = json.Marshal(body)
	return &rest
}
