package main

import (
	"errors"
	"net/http"

	"github.com/pb33f/libopenapi"
	libopenapivalidator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validation "github.com/pb33f/libopenapi-validator/errors"
)

// pb33f validates with libopenapi-validator.
type pb33f struct{ validator libopenapivalidator.Validator }

func newPB33F(document []byte) (*pb33f, error) {
	doc, err := libopenapi.NewDocument(document)
	if err != nil {
		return nil, err
	}
	// Not in strict mode, which reports the members of a $ref with a description as unknown.
	v, errs := libopenapivalidator.NewValidator(doc,
		config.WithFormatAssertions(), config.WithoutSecurityValidation()) // the host's, see judge
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if ok, faults := v.ValidateDocument(); !ok {
		return nil, joined(faults)
	}
	return &pb33f{v}, nil
}

func (p *pb33f) name() string { return "libopenapi-validator" }

func (p *pb33f) request(r *http.Request) error {
	if err := bounded(r); err != nil {
		return err
	}
	_, faults := p.validator.ValidateHttpRequestSync(r)
	return joined(faults)
}

func (p *pb33f) response(r *http.Request, answer *http.Response) error {
	_, faults := p.validator.ValidateHttpResponse(r, answer)
	return joined(faults)
}

func joined(faults []*validation.ValidationError) error {
	errs := make([]error, len(faults))
	for i, fault := range faults {
		errs[i] = fault
	}
	return errors.Join(errs...)
}
