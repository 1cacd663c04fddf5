// This file measures how cost grows: with the size of a token, the keys of a set, the cores, the issuers
// and the tokens that are remembered, and through a server.

package jwt_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// BenchmarkTokenCache measures what a hit costs beside the verification that it saves.
func BenchmarkTokenCache(b *testing.B) {
	for _, alg := range []jwt.Algorithm{jwt.RS256, jwt.ES256} {
		b.Run(string(alg), func(b *testing.B) {
			v, cached, token := benchVerifier(b, alg), benchVerifier(b, alg, caching(100)), benchToken(b, alg)
			call := func(v *jwt.Verifier) func() bool {
				return func() bool {
					_, err := v.Verify(b.Context(), token)
					return err == nil
				}
			}
			hit, full := besides(b, call(cached), call(v))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(hit, "ns/hit")
			b.ReportMetric(full/hit, "x-cheaper")
		})
	}
}

// BenchmarkParallel is meant for -cpu 1,2: two cores do nearly twice as much as one.
func BenchmarkParallel(b *testing.B) {
	for _, alg := range []jwt.Algorithm{jwt.RS256, jwt.ES256, jwt.HS256} {
		for _, size := range []int{0, 100} {
			name := string(alg)
			if size > 0 {
				name += "_cached"
			}
			if alg == jwt.HS256 && size > 0 {
				continue
			}
			b.Run(name, func(b *testing.B) {
				v, token := benchVerifier(b, alg, caching(size)), benchToken(b, alg)
				b.RunParallel(func(pb *testing.PB) { // there is no b.Loop for it
					for pb.Next() {
						if _, err := v.Verify(b.Context(), token); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// BenchmarkPayload shows that cost is linear in bytes: the larger a token, the more groups it lists. HMAC
// hides the least of it.
func BenchmarkPayload(b *testing.B) {
	const group = `"group-0123456789ab",`
	for _, size := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprintf("%dKiB", size), func(b *testing.B) {
			token := func(groups int) string {
				return fixedKeys().sign(b, jwt.HS256, `{"alg":"HS256","kid":"`+benchKeyID+`"}`, `{"iss":"`+benchIssuer+`","aud":"`+benchAudience+`","exp":`+
					fmt.Sprint(time.Now().Unix()+86400)+`,"groups":[`+strings.TrimSuffix(strings.Repeat(group, groups), ",")+`]}`)
			}
			text := token((size<<10 - len(token(0))) * 3 / 4 / len(group))
			if len(text) > size<<10 || len(text) < size<<10-64 {
				b.Fatalf("it has %d bytes", len(text))
			}
			v := benchVerifier(b, jwt.HS256)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKeys shows that cost does not depend on the number of keys in the set.
func BenchmarkKeys(b *testing.B) {
	for _, count := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			keys := []*jwt.Key{fixedKeys().key(b, benchKeyID, jwt.HS256)}
			for n := 1; n < count; n++ {
				keys = append(keys, fixedKeys().key(b, fmt.Sprint(n), jwt.HS256))
			}
			set, err := jwt.NewKeySet(keys...)
			if err != nil {
				b.Fatal(err)
			}
			v, token := benchVerifier(b, jwt.HS256, func(c *jwt.Config) { c.Keys = set }), benchToken(b, jwt.HS256)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// heap is the memory that is in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory measures what a thousand issuers and a hundred thousand remembered tokens take.
func BenchmarkMemory(b *testing.B) {
	public := []any{jwkOf(b, testIssuer(), jwt.RS256), jwkOf(b, testIssuer(), jwt.ES256)}
	issuers := func(b *testing.B, keysOf func(issuer string) (jwt.KeySource, error)) {
		const count = 1000
		before := heap()
		var configs []jwt.Config
		for n := range count {
			issuer := fmt.Sprintf("https://tenant-%d.example/", n)
			keys, err := keysOf(issuer)
			if err != nil {
				b.Fatal(err)
			}
			configs = append(configs, jwt.Config{Issuer: issuer, Audience: []string{benchAudience}, Keys: keys})
		}
		v, err := jwt.NewVerifier(configs...)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.Warm(b.Context()); err != nil {
			b.Fatal(err)
		}
		configs = nil
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(heap()-before)/count, "B/issuer")
		runtime.KeepAlive(v)
	}
	b.Run("issuers", func(b *testing.B) {
		data := keySetJSON(public...)
		issuers(b, func(string) (jwt.KeySource, error) { return jwt.ParseKeySet(data) })
	})
	b.Run("issuers_discovered", func(b *testing.B) {
		p := newProvider(b)
		p.keys = public
		p.answer = func(w http.ResponseWriter, r *http.Request) bool {
			issuer := "https://" + r.Host + "/"
			if r.URL.Path == oidcPath {
				w.Write(encodeJSON(b, map[string]string{"issuer": issuer, "jwks_uri": issuer + "keys"}))
			}
			return r.URL.Path == oidcPath
		}
		client := &http.Client{Transport: p}
		issuers(b, func(issuer string) (jwt.KeySource, error) {
			return jwt.Discover(issuer, &jwt.RemoteOptions{Client: client})
		})
	})
	b.Run("tokens", func(b *testing.B) {
		const count = 100_000
		texts := make([]string, count)
		for n := range texts {
			texts[n] = testIssuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA, Claims: claims{
				"sub": fmt.Sprintf("auth0|%024d", n), "azp": "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E", "scope": "openid profile email read:messages",
				"permissions": []string{"read:messages", "write:messages"},
			}})
		}
		v := newVerifier(b, caching(count))
		before := heap()
		for _, text := range texts {
			if _, err := v.Verify(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
		after, s := heap(), cacheStatus(b, v)
		if s.Tokens != count || s.Evictions != 0 {
			b.Fatalf("got %+v", s)
		}
		hit, full := scattered(b, v, texts)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(after-before)/count, "B/token")
		b.ReportMetric(float64(s.Bytes)/count, "B/token-counted")
		b.ReportMetric(hit, "ns/hit")
		b.ReportMetric(full/hit, "x-cheaper-than-RS256")
	})
}

// scattered measures hits among many tokens, in no order, so that the processor's caches know nothing of
// what is remembered, but for the text of the token, which has just arrived; and, in turn, what RS256 costs.
func scattered(b *testing.B, v *jwt.Verifier, texts []string) (hit, full float64) {
	const batch, rounds = 64, 301
	rsa, token := benchVerifier(b, jwt.RS256), benchToken(b, jwt.RS256)
	measure := func(v *jwt.Verifier, texts []string) float64 {
		start := time.Now()
		for _, text := range texts {
			if _, err := v.Verify(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(start)) / float64(len(texts))
	}
	var hits, fulls []float64
	for range rounds {
		var arrived [batch]string
		for i := range arrived {
			arrived[i] = strings.Clone(texts[rand.IntN(len(texts))])
		}
		hits = append(hits, measure(v, arrived[:]))
		fulls = append(fulls, measure(rsa, []string{token, token}))
	}
	slices.Sort(hits)
	slices.Sort(fulls)
	return hits[rounds/2], fulls[rounds/2]
}

// BenchmarkHTTP goes through a server on the loopback interface, with connections that are kept.
func BenchmarkHTTP(b *testing.B) {
	for _, c := range []struct {
		name string
		alg  jwt.Algorithm
		size int
	}{{"no_auth", "", 0}, {"RS256", jwt.RS256, 0}, {"RS256_cached", jwt.RS256, 100}, {"ES256", jwt.ES256, 0}, {"ES256_cached", jwt.ES256, 100}} {
		b.Run(c.name, func(b *testing.B) {
			var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })
			token := ""
			if c.alg != "" {
				handler = benchVerifier(b, c.alg, caching(c.size)).Require(jwt.Scope("read:messages"))(handler)
				token = benchToken(b, c.alg)
			}
			server := httptest.NewServer(handler)
			defer server.Close()
			client := server.Client()
			client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					req, err := http.NewRequest("GET", server.URL, nil)
					if err != nil {
						b.Error(err)
						return
					}
					if token != "" {
						req.Header.Set("Authorization", "Bearer "+token)
					}
					resp, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						b.Errorf("status %d", resp.StatusCode)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
