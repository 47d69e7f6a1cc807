package manual_test

import (
	"context"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"rollcall/internal/api"
	"rollcall/internal/manual"
	"rollcall/internal/wire"
)

func document(t testing.TB, endpoints []*wire.Endpoint) []byte {
	t.Helper()
	b, err := manual.OpenAPI(endpoints, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The document of the whole table is a valid OpenAPI document, with examples
// that fit their schemas and every row in it.
func TestDocumentIsValid(t *testing.T) {
	endpoints := append((&api.Server{}).Endpoints(), newer())
	doc, err := openapi3.NewLoader().LoadFromData(document(t, endpoints))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
	if doc.Info.Version != "v1.2.3" || !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("version %s of the program, %s of OpenAPI", doc.Info.Version, doc.OpenAPI)
	}
	ids := map[string]bool{}
	operations := 0
	for _, ep := range endpoints {
		item := doc.Paths.Value(ep.Path)
		if item == nil {
			t.Errorf("%s is not in the document", ep.Path)
			continue
		}
		for _, method := range ep.Methods {
			op := item.GetOperation(method)
			if op == nil {
				t.Errorf("%s %s is not in the document", method, ep.Path)
				continue
			}
			operations++
			if ids[op.OperationID] || len(op.Tags) != 1 || doc.Tags.Get(op.Tags[0]) == nil {
				t.Errorf("%s %s: the id %q is there twice, or the tag %q is not one", method, ep.Path, op.OperationID, op.Tags)
			}
			ids[op.OperationID] = true
		}
		if len(item.Operations()) != len(ep.Methods) {
			t.Errorf("%s has %d operations, %d methods", ep.Path, len(item.Operations()), len(ep.Methods))
		}
	}
	if operations == 0 {
		t.Error("the table is empty")
	}
}
