package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// The document and the page are where the calls are, and need no token.
func TestServerShowsItsManual(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	do(t, "init", "--data", dir, "--name", "Example")
	s := serve(t, dir)
	shown := map[string]string{}
	for path, contentType := range map[string]string{"/openapi.json": "application/json", "/docs": "text/html; charset=utf-8"} {
		resp, err := s.client.Get("http://" + s.calls + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: %s, %s, %v", path, resp.Status, resp.Header.Get("Content-Type"), err)
		}
		shown[path] = string(b)
	}
	var doc struct {
		Info  struct{ Version string }
		Paths map[string]any
	}
	if err := json.Unmarshal([]byte(shown["/openapi.json"]), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Info.Version != version || doc.Paths["/topapi/user/count"] == nil || doc.Paths["/gettoken"] == nil {
		t.Errorf("the version %s, %d paths", doc.Info.Version, len(doc.Paths))
	}
	if !strings.Contains(shown["/docs"], "'/openapi.json'") {
		t.Error("the page does not read the document")
	}
}
