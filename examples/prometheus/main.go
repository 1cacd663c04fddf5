// Command prometheus serves an API with metrics of its guard: what was decided and why, and how the keys are.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// guard:

// metrics of a verifier and its guards. All label values come from the configuration or from the package: an issuer
// is one of those configured, a reason one of the Reason constants. What a client chooses is no label (sub, kid,
// client_id, the path), or it could make as many series as it likes.
type metrics struct {
	verifier *jwt.Verifier
	requests *prometheus.CounterVec
}

func newMetrics(v *jwt.Verifier, registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{v, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jwt_requests_total",
		Help: "Decisions of the guard. Without a reason, the request was let through."}, []string{"issuer", "outcome", "reason"})}
	return m, errors.Join(registry.Register(m.requests), registry.Register(m))
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
	m.requests.WithLabelValues(e.Issuer, outcome, string(e.Reason)).Inc()
	slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
}

// accepted counts the requests that a guard lets through to next.
func (m *metrics) accepted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := jwt.FromContext(r.Context()); ok {
			m.requests.WithLabelValues(token.Issuer(), "accepted", "").Inc()
		}
		next.ServeHTTP(w, r)
	})
}

var (
	fetches     = prometheus.NewDesc("jwt_jwks_fetches_total", "Fetches of the issuer's keys.", []string{"issuer", "outcome"}, nil)
	lastSuccess = prometheus.NewDesc("jwt_jwks_last_success_timestamp_seconds", "When the keys were last fetched.", []string{"issuer"}, nil)
	keys        = prometheus.NewDesc("jwt_jwks_keys", "Usable keys.", []string{"issuer"}, nil)
	cacheTokens = prometheus.NewDesc("jwt_token_cache_tokens", "Remembered tokens.", []string{"issuer"}, nil)
	cacheHits   = prometheus.NewDesc("jwt_token_cache_hits_total", "Tokens whose signature was not checked again.", []string{"issuer"}, nil)
	cacheMisses = prometheus.NewDesc("jwt_token_cache_misses_total", "Tokens that were not remembered.", []string{"issuer"}, nil)
)

// Describe and Collect make m a prometheus.Collector. Status does no I/O.
func (m *metrics) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{fetches, lastSuccess, keys, cacheTokens, cacheHits, cacheMisses} {
		descs <- desc
	}
}

func (m *metrics) Collect(to chan<- prometheus.Metric) {
	for _, status := range m.verifier.Status() {
		send := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(desc, kind, value, append([]string{status.Issuer}, labels...)...)
		}
		set := status.Keys
		send(fetches, prometheus.CounterValue, float64(set.Fetches-set.Failures), "succeeded")
		send(fetches, prometheus.CounterValue, float64(set.Failures), "failed")
		send(keys, prometheus.GaugeValue, float64(len(set.Keys)))
		if !set.LastSuccess.IsZero() {
			send(lastSuccess, prometheus.GaugeValue, float64(set.LastSuccess.UnixNano())/1e9)
		}
		if cache := status.TokenCache; cache != nil {
			send(cacheTokens, prometheus.GaugeValue, float64(cache.Tokens))
			send(cacheHits, prometheus.CounterValue, float64(cache.Hits))
			send(cacheMisses, prometheus.CounterValue, float64(cache.Misses))
		}
	}
}

// end of guard

func newHandler(v *jwt.Verifier, registry *prometheus.Registry) (http.Handler, error) {
	m, err := newMetrics(v, registry)
	if err != nil {
		return nil, err
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: m.refused})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /messages", api.Require(jwt.Scope("read:messages"))(m.accepted(http.HandlerFunc(list))))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{})) // keep it from the public
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
	v, err := jwt.NewVerifier(jwt.Config{Issuer: *issuer, Audience: []string{*audience}, Keys: keys, TokenCache: 10_000})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(v, prometheus.NewRegistry())
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
