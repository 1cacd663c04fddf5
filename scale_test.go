// This file measures how cost grows: with the size of a token, the keys of a set, the cores, the issuers
// and the tokens that are remembered, and through a server.

package jwt_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
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
			b.ReportAllocs()
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

// BenchmarkPayload shows that cost is linear in bytes. HMAC hides the least of it.
func BenchmarkPayload(b *testing.B) {
	for _, size := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprintf("%dKiB", size), func(b *testing.B) {
			var groups []string // as many short strings as fit
			room := size<<10*3/4 - 500
			for n := 0; n*9 < room && n < 900; n++ {
				groups = append(groups, fmt.Sprintf("grp%03d", n))
			}
			token := fixedKeys().sign(b, jwt.HS256, `{"alg":"HS256","kid":"`+benchKeyID+`"}`, string(encodeJSON(b, claims{
				"iss": benchIssuer, "aud": benchAudience, "exp": time.Now().Unix() + 86400, "groups": groups, "rest": strings.Repeat("x", max(0, room-9*len(groups))),
			})))
			v := benchVerifier(b, jwt.HS256)
			b.SetBytes(int64(len(token)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
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
	b.Run("issuers", func(b *testing.B) {
		const count = 1000
		data := keySetJSON(jwkOf(b, testIssuer(), jwt.RS256), jwkOf(b, testIssuer(), jwt.ES256))
		before := heap()
		var configs []jwt.Config
		for n := range count {
			set, err := jwt.ParseKeySet(data)
			if err != nil {
				b.Fatal(err)
			}
			configs = append(configs, jwt.Config{Issuer: fmt.Sprintf("https://tenant-%d.example/", n), Audience: []string{benchAudience}, Keys: set})
		}
		v, err := jwt.NewVerifier(configs...)
		if err != nil {
			b.Fatal(err)
		}
		configs = nil
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(heap()-before)/count, "B/issuer")
		runtime.KeepAlive(v)
	})
	b.Run("tokens", func(b *testing.B) {
		const count = 100_000
		v := newVerifier(b, caching(count))
		fill := func(n int) {
			text := testIssuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA, Claims: claims{
				"sub": fmt.Sprintf("auth0|%024d", n), "azp": "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E", "scope": "openid profile email read:messages",
				"permissions": []string{"read:messages", "write:messages"},
			}})
			if _, err := v.Verify(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
		fill(0)
		before := heap()
		for n := range count {
			fill(n + 1)
		}
		s := cacheStatus(b, v)
		if s.Tokens != count || s.Evictions != 1 {
			b.Fatalf("got %+v", s)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(heap()-before)/count, "B/token")
		b.ReportMetric(float64(s.Bytes)/count, "B/token-counted")
		runtime.KeepAlive(v)
	})
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
