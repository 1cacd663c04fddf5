package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func serve(t *testing.T) (*jwttest.Issuer, sdk.Reader, http.Handler) {
	t.Helper()
	issuer, reader := jwttest.NewIssuer(t), sdk.NewManualReader()
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(v, sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	return issuer, reader, handler
}

func get(ctx context.Context, handler http.Handler, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// series returns the value of each time series; that of an age is 0.
func series(t *testing.T, reader sdk.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			name := func(set attribute.Set) string { return m.Name + " " + set.Encoded(attribute.DefaultEncoder()) }
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				if !data.IsMonotonic {
					t.Errorf("%s is no counter", m.Name)
				}
				for _, point := range data.DataPoints {
					found[name(point.Attributes)] = point.Value
				}
			case metricdata.Gauge[int64]:
				for _, point := range data.DataPoints {
					found[name(point.Attributes)] = point.Value
				}
			case metricdata.Gauge[float64]:
				for _, point := range data.DataPoints {
					found[name(point.Attributes)] = 0
				}
			default:
				t.Errorf("%s is a %T", m.Name, data)
			}
		}
	}
	return found
}

func TestMetrics(t *testing.T) {
	issuer, reader, handler := serve(t)
	good := "Bearer " + issuer.Token(jwttest.Claims{"scope": "read:messages"})
	for _, authorization := range []string{good, good, "", "Bearer " + issuer.Token(nil), "Bearer " + issuer.Token(jwttest.Claims{"exp": 1})} {
		get(t.Context(), handler, "/messages", authorization)
	}
	url := strings.NewReplacer(",", `\,`, "=", `\=`).Replace(issuer.URL)
	want := map[string]int64{
		"jwt.requests error.type=no_token,jwt.issuer=,jwt.outcome=refused":                 1,
		"jwt.requests error.type=scope_missing,jwt.issuer=" + url + ",jwt.outcome=refused": 1,
		"jwt.requests error.type=token_expired,jwt.issuer=" + url + ",jwt.outcome=refused": 1,
		"jwt.requests jwt.issuer=" + url + ",jwt.outcome=accepted":                         2,
		"jwt.jwks.fetches jwt.issuer=" + url + ",jwt.outcome=succeeded":                    1,
		"jwt.jwks.fetches jwt.issuer=" + url + ",jwt.outcome=failed":                       0,
		"jwt.jwks.keys jwt.issuer=" + url:                                                  10,
		"jwt.jwks.age jwt.issuer=" + url:                                                   0,
	}
	if got := series(t, reader); !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// An outage and a client that went away are told apart.
func TestUnavailable(t *testing.T) {
	issuer, reader, handler := serve(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	issuer.SetDown(true)
	token := "Bearer " + issuer.Token(nil)
	get(gone, handler, "/messages", token)
	if w := get(t.Context(), handler, "/messages", token); w.Code != 503 {
		t.Fatal(w.Code)
	}
	got := series(t, reader)
	for _, name := range []string{"error.type=request_canceled,jwt.issuer=" + issuer.URL + ",jwt.outcome=canceled", "error.type=keys_unavailable,jwt.issuer=" + issuer.URL + ",jwt.outcome=unavailable"} {
		if got["jwt.requests "+name] != 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got["jwt.jwks.fetches jwt.issuer="+issuer.URL+",jwt.outcome=failed"] == 0 {
		t.Errorf("no fetch has failed: %v", got)
	}
}

// However many values a client thinks of, it makes no time series by them.
func TestAttributesAreBounded(t *testing.T) {
	issuer, reader, handler := serve(t)
	attack := func(n int) {
		word := fmt.Sprintf("word-%d", n)
		for _, token := range []string{
			word,
			issuer.Token(jwttest.Claims{"iss": "https://" + word}),
			issuer.Token(jwttest.Claims{"sub": word, "client_id": word, "jti": word}),
			issuer.Token(jwttest.Claims{"aud": word, "sub": word}),
			issuer.Token(jwttest.Claims{"scope": "read:messages", "sub": word}),
			issuer.Mint(jwttest.Spec{Header: map[string]any{"typ": word}}),
		} {
			get(t.Context(), handler, "/messages?"+word, "Bearer "+token)
		}
		get(t.Context(), handler, "/messages", word+" x")
	}
	attack(0)
	before := slices.Sorted(maps.Keys(series(t, reader)))
	for n := range 20 {
		attack(n)
	}
	after := slices.Sorted(maps.Keys(series(t, reader)))
	if len(before) < 8 || !slices.Equal(before, after) || strings.Contains(strings.Join(after, "\n"), "word") {
		t.Errorf("from %d series to %d: %q", len(before), len(after), after)
	}
}
