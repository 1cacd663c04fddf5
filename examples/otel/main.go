// Command otel serves an API with OpenTelemetry metrics of its guard: what was decided and why, and how the keys are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

// guard:

// metrics of a verifier and its guards. OpenTelemetry has no convention for them but error.type. All attributes come
// from the configuration or from the package: an issuer is one of those configured, error.type one of the Reason
// constants. What a client chooses is no attribute (sub, kid, client_id, the path), or it could make as many time series
// as it likes.
type metrics struct{ requests metric.Int64Counter }

const (
	issuerKey  = attribute.Key("jwt.issuer")
	outcomeKey = attribute.Key("jwt.outcome")
	reasonKey  = attribute.Key("error.type")
)

// newMetrics makes the instruments. The observed ones ask Status, which does no I/O.
func newMetrics(v *jwt.Verifier, meter metric.Meter) (*metrics, error) {
	requests, err1 := meter.Int64Counter("jwt.requests", metric.WithUnit("{request}"), metric.WithDescription("Decisions of the guard."))
	fetches, err2 := meter.Int64ObservableCounter("jwt.jwks.fetches", metric.WithUnit("{fetch}"), metric.WithDescription("Fetches of the issuer's keys."))
	age, err3 := meter.Float64ObservableGauge("jwt.jwks.age", metric.WithUnit("s"), metric.WithDescription("Time since the keys were last fetched."))
	keys, err4 := meter.Int64ObservableGauge("jwt.jwks.keys", metric.WithUnit("{key}"), metric.WithDescription("Usable keys."))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, status := range v.Status() {
			set, issuer := status.Keys, issuerKey.String(status.Issuer)
			o.ObserveInt64(fetches, int64(set.Fetches-set.Failures), metric.WithAttributes(issuer, outcomeKey.String("succeeded")))
			o.ObserveInt64(fetches, int64(set.Failures), metric.WithAttributes(issuer, outcomeKey.String("failed")))
			o.ObserveInt64(keys, int64(len(set.Keys)), metric.WithAttributes(issuer))
			if !set.LastSuccess.IsZero() {
				o.ObserveFloat64(age, time.Since(set.LastSuccess).Seconds(), metric.WithAttributes(issuer))
			}
		}
		return nil
	}, fetches, age, keys)
	return &metrics{requests}, err
}

// refused is a ResourceConfig.OnRefusal. The outcome unavailable is worth an alert; canceled is not, for there the
// client has gone.
func (m *metrics) refused(r *http.Request, e *jwt.Error) {
	outcome := "refused"
	switch {
	case e.Reason == jwt.ReasonRequestCanceled:
		outcome = "canceled"
	case errors.Is(e, jwt.ErrUnavailable):
		outcome = "unavailable"
	}
	m.requests.Add(r.Context(), 1, metric.WithAttributes(issuerKey.String(e.Issuer), outcomeKey.String(outcome), reasonKey.String(string(e.Reason))))
	slog.WarnContext(r.Context(), "refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
}

// accepted counts the requests that a guard lets through to next.
func (m *metrics) accepted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := jwt.FromContext(r.Context()); ok {
			m.requests.Add(r.Context(), 1, metric.WithAttributes(issuerKey.String(token.Issuer()), outcomeKey.String("accepted")))
		}
		next.ServeHTTP(w, r)
	})
}

// end of guard

func newHandler(v *jwt.Verifier, meter metric.Meter) (http.Handler, error) {
	m, err := newMetrics(v, meter)
	if err != nil {
		return nil, err
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: m.refused})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /messages", api.Require(jwt.Scope("read:messages"))(m.accepted(http.HandlerFunc(list))))
	return mux, nil
}

func list(w http.ResponseWriter, r *http.Request) {
	token, _ := jwt.FromContext(r.Context())
	fmt.Fprintf(w, "messages of %s\n", token.Subject())
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	local := flag.Bool("local", false, "the issuer is on this machine and has no https, such as assay issuer")
	flag.Parse()
	keys, err := jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: *issuer, Audience: []string{*audience}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	exporter, err := stdoutmetric.New() // in its place the one for your collector
	if err != nil {
		log.Fatal(err)
	}
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewPeriodicReader(exporter)))
	handler, err := newHandler(v, provider.Meter("assay.example/jwt"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
