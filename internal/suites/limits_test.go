// This file holds every limit of the package to its value, from both sides, and measures what hostile
// input costs: memory is bounded by what is sent.

package suites

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"io"
	"maps"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// underRace is twice as much with the race detector: it drops what sync.Pool holds, and what the
// compiler would keep off the heap is on it.
func underRace(n uint64) uint64 {
	if fixture.Race {
		return 2 * n
	}
	return n
}

// Refusing 16 KiB of anything takes less than 160 KiB: the names of a thousand members, in a map, take most.
func TestTokenMemory(t *testing.T) {
	iss := fixture.Issuer()
	one := fixture.NewVerifier(t)
	several, err := jwt.NewVerifier(fixture.Config(t), jwt.Config{Issuer: "x", Audience: []string{"x"}, Keys: fixture.KeysOf(t, fixture.OtherIssuer())})
	if err != nil {
		t.Fatal(err)
	}
	payload := func(text string) string { return iss.Mint(jwttest.Spec{Payload: []byte(text)}) }
	const size, inner = 16 << 10, 11 << 10
	for name, token := range map[string]string{
		"dots":             fixture.Fill(".", size),
		"text":             fixture.Fill("A", size),
		"garbage":          fixture.Fill("\xff\x00", size),
		"big header":       fixture.Fill("A", 4<<10) + "." + fixture.Fill("A", 8<<10) + ".AAAA",
		"big signature":    fixture.B64(`{"alg":"RS256","kid":"rs256-1"}`) + ".e30." + fixture.Fill("A", 15<<10),
		"big payload":      payload(`{"x":"` + fixture.Fill("x", inner) + `"}`),
		"escapes":          payload(`{"x":"` + fixture.Fill(`\u0041`, inner) + `"}`),
		"an escaped name":  payload(`{"` + fixture.Fill(`\u0041`, inner) + `":1}`),
		"nested arrays":    payload(`{"x":` + fixture.Fill("[", inner) + `}`),
		"array of objects": payload(`{"x":[` + fixture.Fill(`{"a":1},`, inner) + `1]}`),
		"small objects":    payload(`{` + fixture.Members(25) + `,"x":[` + fixture.Fill(`{"":0},`, inner-300) + `1]}`),
		"chains":           payload(`{` + fixture.Members(25) + `,"x":[` + fixture.Fill(strings.Repeat(`{"":`, 29)+"0"+strings.Repeat("}", 29)+",", inner-300) + `1]}`),
		"many members":     payload(`{` + fixture.Members(1000) + `}`),
		"many audiences":   payload(`{"aud":[` + fixture.Fill(`"a",`, inner) + `"b"]}`),
		"many names":       fixture.B64(`{"alg":"RS256",`+fixture.Members(220)+`}`) + ".e30.AAAA",
	} {
		if len(token) > size {
			t.Errorf("%s: %d bytes", name, len(token))
		}
		for kind, v := range map[string]*jwt.Verifier{"one issuer": one, "several": several} {
			if got := fixture.Allocated(func() { v.Verify(t.Context(), token) }); got > underRace(160<<10) {
				t.Errorf("%s, %s: %d bytes", name, kind, got)
			}
		}
	}
}

// hostileKeySets are key sets of at most 512 KiB that cost as much as they can, each with the number of
// its usable keys.
func hostileKeySets(tb testing.TB) map[string]hostileKeySet {
	tb.Helper()
	const size = 512 << 10
	good, _ := json.Marshal(fixture.JWKOf(tb, fixture.Issuer(), jwt.ES256))
	sets := map[string]hostileKeySet{}
	// Members beside the keys.
	beside := func(name, unit string) {
		sets[name] = hostileKeySet{`{"x":[` + fixture.Fill(unit+",", size-4000) + `1],"keys":[` + string(good) + `]}`, 1}
	}
	beside("many members", "{"+fixture.Members(1000)+"}")
	for _, n := range []int{2, 12, 24, 25, 100} {
		beside(fmt.Sprintf("objects of %d members", n), "{"+fixture.Members(n)+"}")
	}
	beside("small objects", `{`+fixture.Members(25)+`,"x":[`+strings.Repeat(`{"":0},`, 1000)+`1]}`)
	beside("chains", `{`+fixture.Members(25)+`,"x":[`+strings.Repeat(strings.Repeat(`{"":`, 26)+"0"+strings.Repeat("}", 26)+",", 50)+`1]}`)
	beside("objects within objects", strings.Repeat(`{`+fixture.Members(25)+`,"x":`, 30)+"1"+strings.Repeat("}", 30))
	beside("long names", "{"+strings.ReplaceAll(fixture.Members(24), `":`, fixture.Fill("x", 50)+`":`)+"}")
	beside("escaped names", `{"\u0041":1,"\u0042":1,"\u0043":1,"\u0044":1,"\u0045":1}`)
	beside("many values", "1")
	beside("arrays within arrays", strings.Repeat("[", 30)+strings.Repeat("]", 30))
	beside("text that is not ASCII", `"`+strings.Repeat("é", 1000)+`"`)
	sets["not JSON"] = hostileKeySet{fixture.Fill("[", size), 0}
	sets["one big member"] = hostileKeySet{`{"x":"` + fixture.Fill("x", size-1000) + `","keys":[` + string(good) + `]}`, 1}
	// Keys: as many as there is room for, before a good one.
	keys := func(name string, usable int, key func(i int) any) {
		text := `{"keys":[`
		n := 0
		for ; n < 99; n++ {
			next, err := json.Marshal(key(n))
			if err != nil {
				tb.Fatal(err)
			}
			if len(text)+len(next)+len(good)+3 > size {
				break
			}
			text += string(next) + ","
		}
		if n == 0 {
			tb.Fatalf("%s: no key has room", name)
		}
		sets[name] = hostileKeySet{text + string(good) + `]}`, 1 + usable*n}
	}
	f4 := []byte{1, 0, 1}
	big8192, p521 := fixture.RSAJWK(fixture.Ones(8192), f4), fixture.JWKOf(tb, fixture.Issuer(), jwt.ES512)
	point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P521(), append([]byte{4}, append(fixture.DecodeB64(tb, p521["x"].(string)), fixture.DecodeB64(tb, p521["y"].(string))...)...))
	if err != nil {
		tb.Fatal(err)
	}
	x5c := func(public any, change func(*x509.Certificate)) []string {
		return []string{base64.StdEncoding.EncodeToString(fixture.CertificateWith(tb, public, change))}
	}
	plain := func(*x509.Certificate) {}
	keys("keys of nothing", 0, func(int) any { return fixture.JWK{} })
	keys("one big kid", 0, func(int) any { return fixture.JWK{"kty": "RSA", "kid": fixture.Fill("é", size-2000)} })
	keys("big kids", 0, func(int) any { return fixture.JWK{"kty": "RSA", "kid": fixture.Fill("é", 5000)} })
	keys("one kid", 0, func(int) any { return fixture.JWK{"kty": "x", "kid": "x"} })
	keys("many operations", 0, func(int) any {
		return fixture.JWK{"kty": "RSA", "key_ops": strings.Split(fixture.Fill("a,", 2500), ",")}
	})
	keys("moduli of 32768 bits", 0, func(int) any { return fixture.RSAJWK(fixture.Ones(32768), f4) })
	keys("a modulus of 3 million bits", 0, func(int) any { return fixture.RSAJWK(fixture.Ones(3000000), f4) })
	keys("exponents of 32768 bits", 0, func(int) any { return fixture.RSAJWK(fixture.Ones(2048), fixture.Ones(32768)) })
	keys("leading zeros", 0, func(int) any { return fixture.RSAJWK(make([]byte, 3000), f4) })
	keys("moduli of 8192 bits", 1, func(int) any { return big8192 })
	keys("moduli of 8192 bits, certified", 1, func() func(int) any {
		chain := x5c(fixture.PublicRSA(tb, big8192), plain)
		return func(int) any { return fixture.JWKEdit{"x5c": chain}.Apply(big8192) }
	}())
	keys("points of P-521", 1, func(i int) any { return fixture.JWKEdit{"kid": fmt.Sprint(i)}.Apply(p521) })
	keys("points of P-521, certified", 1, func() func(int) any {
		chain := x5c(point, plain)
		return func(i int) any { return fixture.JWKEdit{"kid": fmt.Sprint(i), "x5c": chain}.Apply(p521) }
	}())
	keys("points off P-521", 0, func(int) any { return fixture.JWKEdit{"x": p521["y"]}.Apply(p521) })
	for name, change := range map[string]func(c *x509.Certificate, i int){
		"extensions": func(c *x509.Certificate, i int) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, i + 2}, Value: []byte{5, 0}})
		},
		"addresses": func(c *x509.Certificate, i int) {
			c.URIs = append(c.URIs, &url.URL{Scheme: "a", Host: fmt.Sprint(i)})
		},
		"constraints": func(c *x509.Certificate, i int) {
			c.PermittedDNSDomains = append(c.PermittedDNSDomains, fmt.Sprint(i, ".e"))
		},
		"names": func(c *x509.Certificate, i int) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 11}, Value: fmt.Sprint(i % 10)})
		},
	} {
		chain := x5c(point, func(c *x509.Certificate) {
			for i := range 10000 {
				change(c, i)
			}
		})
		keys("a certificate with many "+name, 1, func(int) any { return fixture.JWKEdit{"x5c": chain}.Apply(p521) })
	}
	return sets
}

type hostileKeySet struct {
	text   string
	usable int
}

// A hostile key set of 512 KiB takes less than 8 MiB.
func TestKeySetMemory(t *testing.T) {
	sets := hostileKeySets(t)
	names := slices.Sorted(maps.Keys(sets))
	for n := range fixture.Sample(len(names), 3) {
		name, c := names[n], sets[names[n]]
		if len(c.text) > 512<<10 {
			t.Errorf("%s: %d bytes", name, len(c.text))
		}
		set, err := jwt.ParseKeySet([]byte(c.text))
		if (err == nil) != (c.usable > 0) || len(set.Keys()) != c.usable {
			t.Errorf("%s: %d of %d keys are usable: %v", name, len(set.Keys()), c.usable, err)
		}
		if got := fixture.Allocated(func() { jwt.ParseKeySet([]byte(c.text)) }); got > 8<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
}

// What a hostile key set of 512 KiB costs: each must stay well under 100 ms.
func BenchmarkHostileKeySet(b *testing.B) {
	for name, c := range hostileKeySets(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				jwt.ParseKeySet([]byte(c.text))
			}
		})
	}
}

// A number that no key may have costs its text and no arithmetic: no more than the text of a member
// that nobody reads, and little more than it is long.
func TestGiantNumbersCostNothing(t *testing.T) {
	good, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
	n2048, f4 := fixture.Ones(2048), []byte{1, 0, 1}
	for name, key := range map[string]fixture.JWK{
		"a modulus of 32768 bits":     fixture.RSAJWK(fixture.Ones(32768), f4),
		"a modulus of 262144 bits":    fixture.RSAJWK(fixture.Ones(262144), f4),
		"an exponent of 2^31+1":       fixture.RSAJWK(n2048, []byte{0x80, 0, 0, 1}),
		"an exponent of 2^64+65537":   fixture.RSAJWK(n2048, []byte{1, 0, 0, 0, 0, 0, 1, 0, 1}),
		"an exponent of 262144 bits":  fixture.RSAJWK(n2048, fixture.Ones(262144)),
		"both of more than 8192 bits": fixture.RSAJWK(fixture.Ones(8193), fixture.Ones(8193)),
	} {
		text, _ := json.Marshal(key)
		parse := func(document string) func() { return func() { jwt.ParseKeySet([]byte(document)) } }
		giant := `{"keys":[` + string(text) + `,` + string(good) + `]}`
		ignored := strings.Replace(giant, `"kty":"RSA"`, `"kty":"xyz"`, 1)
		if giant == ignored {
			t.Fatalf("%s is no RSA key", text)
		}
		cost, base := fixture.Allocated(parse(giant)), fixture.Allocated(parse(ignored))
		if cost > base+underRace(uint64(len(text)))+1024 {
			t.Errorf("%s of %d bytes: %d bytes are allocated, and %d if nobody reads it", name, len(text), cost, base)
		}
		if got, most := testing.AllocsPerRun(20, parse(giant)), testing.AllocsPerRun(20, parse(ignored))+8; got > most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, most)
		}
	}
}

// limits holds the tests of the limits in docs/limits.md: what is at a limit passes, and what is one
// beyond it does not.
var limits = map[string]func(t *testing.T){
	"maxSettableSize": func(t *testing.T) {
		for name, set := range map[string]func(c *jwt.Config, n int){
			"MaxTokenSize":  func(c *jwt.Config, n int) { c.MaxTokenSize = n },
			"MaxHeaderSize": func(c *jwt.Config, n int) { c.MaxHeaderSize = n },
		} {
			fixture.WantLimit(t, name, 1<<20, func(n int) error {
				c := fixture.Config(t)
				set(&c, n)
				_, err := jwt.NewVerifier(c)
				return err
			})
		}
	},
	"maxDepth": func(t *testing.T) {
		nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
		v := fixture.NewVerifier(t)
		key, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
		for name, try := range map[string]func(text string) error{
			"header": func(text string) error { _, err := fixture.Verify(v, headers(`"x":` + text)[0]); return err },
			"payload": func(text string) error {
				_, err := fixture.Verify(v, payloads(fixture.Payload(`"x":` + text))[0])
				return err
			},
			"key": func(text string) error {
				_, err := jwt.ParseKey([]byte(string(key[:len(key)-1]) + `,"more":` + text + `}`))
				return err
			},
			"key set": func(text string) error {
				_, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(key) + `],"x":` + text + `}`))
				return err
			},
			"metadata": func(text string) error {
				return warmWith(t, fixture.OIDCPath, `{"issuer":"`+fixture.ProviderURL+`","jwks_uri":"`+fixture.KeysURL+`","x":`+text+`}`)
			},
		} {
			fixture.WantLimit(t, name, 32, func(n int) error { return try(nested(n - 1)) })
		}
	},
	"maxMembers": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		fixture.WantLimit(t, "payload", 1000, func(n int) error {
			_, err := fixture.Verify(v, payloads(fixture.Payload(fixture.Members(n - 3)))[0])
			return err
		})
		fixture.WantLimit(t, "an object in it", 1000, func(n int) error {
			_, err := fixture.Verify(v, payloads(fixture.Payload(`"x":{` + fixture.Members(n) + `}`))[0])
			return err
		})
		key, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
		fixture.WantLimit(t, "key set", 1000, func(n int) error {
			_, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(key) + `],` + fixture.Members(n-1) + `}`))
			return err
		})
	},
	"maxNumericDate": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		fixture.WantLimit(t, "seconds from the last minute of the year 9999", 59, func(n int) error {
			_, err := fixture.Verify(v, fixture.Issuer().Token(claims{"exp": 253402300740 + int64(n)}))
			return err
		})
	},
	"maxLeeway": func(t *testing.T) {
		fixture.WantLimit(t, "Leeway", 10*time.Minute, func(n time.Duration) error {
			c := fixture.Config(t)
			c.Leeway = n
			_, err := jwt.NewVerifier(c)
			return err
		})
	},
	"maxTokenAge": func(t *testing.T) {
		fixture.Bubble(t, func(t *testing.T) {
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.MaxAge, c.Leeway = math.MaxInt64, -1 })
			time.Sleep(time.Until(time.Unix(100*365*24*60*60, 0)) - time.Nanosecond)
			token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"iat": 0}))
			fixture.WantAccepted(t, token, err)
			time.Sleep(time.Nanosecond)
			token, err = fixture.Verify(v, fixture.Issuer().Token(claims{"iat": 0}))
			fixture.WantRefusal(t, token, err, jwt.ReasonTokenTooOld, jwt.ErrExpired)
		})
	},
	"maxNumber": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		fixture.WantLimit(t, "bytes", 400, func(n int) error {
			number := strings.Repeat("1", n)
			trace := v.Trace(t.Context(), payloads(fixture.Payload(`"x":` + number))[0], time.Time{}, jwt.Claim("x").Equals(json.Number(number)))
			if trace.Refusal != nil {
				return trace.Refusal
			}
			return nil
		})
	},
	"maxTokenCache": func(t *testing.T) {
		fixture.WantLimit(t, "TokenCache", 1<<20, func(n int) error {
			c := fixture.Config(t)
			c.TokenCache = n
			_, err := jwt.NewVerifier(c)
			return err
		})
	},
	"maxCachedFor": func(t *testing.T) {
		fixture.Bubble(t, func(t *testing.T) {
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.TokenCache = 1 })
			token := fixture.Issuer().Token(claims{"exp": int64(99999999999)})
			for hits, wait := range []time.Duration{0, 5*time.Minute - 1, 1} {
				time.Sleep(wait)
				got, err := fixture.Verify(v, token)
				fixture.WantAccepted(t, got, err)
				if s := v.Status()[0].TokenCache; s.Hits != uint64(min(hits, 1)) || s.Misses != uint64(1+hits/2) {
					t.Errorf("after %v more: %+v", wait, s)
				}
			}
		})
	},
	"maxCachedSize":  testCachedSize,
	"cachedOverhead": testCachedSize,

	"minRSABits": func(t *testing.T) {
		for name, try := range rsaConstructors(t) {
			fixture.WantLimit(t, name, -2048, func(n int) error { return try(fixture.Ones(-n), 65537) })
		}
	},
	"maxRSABits": func(t *testing.T) {
		for name, try := range rsaConstructors(t) {
			fixture.WantLimit(t, name, 8192, func(n int) error { return try(fixture.Ones(n), 65537) })
		}
	},
	"minRSAExponent": func(t *testing.T) {
		for name, try := range rsaConstructors(t) {
			fixture.WantLimit(t, name, -1, func(n int) error { return try(fixture.Ones(2048), 1-2*n) }) // 3, and then 1
		}
	},
	"maxRSAExponent": func(t *testing.T) {
		for name, try := range rsaConstructors(t) {
			fixture.WantLimit(t, name, 0, func(n int) error { return try(fixture.Ones(2048), 1<<31-1+2*n) }) // and then 2^31+1
		}
	},
	"maxKeySetSize": func(t *testing.T) {
		key, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
		const metadata = `{"issuer":"https://issuer.test","jwks_uri":"https://issuer.test/keys"}`
		set := string(fixture.KeySetJSON(json.RawMessage(key)))
		for name, c := range map[string]struct {
			text string
			try  func(text string) error
		}{
			"ParseKeySet": {set, func(text string) error { _, err := jwt.ParseKeySet([]byte(text)); return err }},
			"ParseKey":    {string(key), func(text string) error { _, err := jwt.ParseKey([]byte(text)); return err }},
			"key set":     {set, func(text string) error { return warmWith(t, "/keys", text) }},
			"metadata":    {metadata, func(text string) error { return warmWith(t, fixture.OIDCPath, text) }},
		} {
			fixture.WantLimit(t, name, 512<<10, func(n int) error { return c.try(c.text + strings.Repeat(" ", n-len(c.text))) })
		}
	},
	"maxKeys": func(t *testing.T) {
		key, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
		fixture.WantLimit(t, "skipped ones count", 100, func(n int) error {
			_, err := jwt.ParseKeySet([]byte(`{"keys":[` + strings.Repeat(`{"kty":"x"},`, n-1) + string(key) + `]}`))
			return err
		})
		fixture.WantLimit(t, "no objects count", 100, func(n int) error {
			_, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(key) + strings.Repeat(`,1`, n-1) + `]}`))
			return err
		})
	},

	"defaultTimeout": func(t *testing.T) {
		fixture.WantLimit(t, "a slow answer", -1, func(n int) error { return warmAfter(t, 5*time.Second+1+2*time.Duration(n), 0) })
	},
	"fetchTimeouts": func(t *testing.T) { // a fetch of three requests, of which each takes four seconds, does not end
		fixture.Bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			p.Delay = 4 * time.Second
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == fixture.OIDCPath {
					w.WriteHeader(http.StatusNotFound)
				} else if r.URL.Path == fixture.MetadataPath {
					json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL, "jwks_uri": fixture.KeysURL})
				}
				return r.URL.Path != "/keys"
			}
			keys, start := p.Remote(jwt.RemoteOptions{}), time.Now()
			if err := keys.Warm(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
				t.Errorf("got %v after %v", err, time.Since(start))
			}
			time.Sleep(time.Minute / 2) // what was learned is kept: the keys alone are asked for
			if err := keys.Warm(t.Context()); err != nil || p.Count(fixture.OIDCPath) != 1 {
				t.Errorf("got %v, %v", err, p.Fetches)
			}
		})
	},
	"maxTimeout": func(t *testing.T) {
		fixture.WantLimit(t, "Timeout", time.Minute, func(n time.Duration) error {
			_, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Timeout: n})
			return err
		})
		fixture.WantLimit(t, "a slow answer", -1, func(n int) error { return warmAfter(t, time.Minute+1+2*time.Duration(n), time.Minute) })
	},
	"maxResponseHeader": func(t *testing.T) {
		fixture.WantLimit(t, "header", 64<<10, func(n int) error { return warmWithHeader(t, n) })
	},
	"maxBearerToken": func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		fixture.WantLimit(t, "file", 64<<10, func(n int) error {
			fixture.WriteFile(t, path, strings.Repeat("x", n))
			return fixture.NewProvider(t).Remote(jwt.RemoteOptions{BearerTokenFile: path}).Warm(t.Context())
		})
	},
	"defaultFresh": func(t *testing.T) { wantFresh(t, "", 10*time.Minute) },
	"minFresh": func(t *testing.T) {
		wantFresh(t, "max-age=61", 61*time.Second)
		wantFresh(t, "max-age=60", time.Minute)
		wantFresh(t, "max-age=59", time.Minute)
	},
	"maxFresh": func(t *testing.T) {
		wantFresh(t, "max-age=3599", 3599*time.Second)
		wantFresh(t, "max-age=3600", time.Hour)
		wantFresh(t, "max-age=3601", time.Hour)
	},
	"minRenewal": testRenewal,
	"maxRenewal": testRenewal,
	"defaultStale": func(t *testing.T) {
		fixture.Bubble(t, func(t *testing.T) {
			keys := fixture.NewProvider(t).Remote(jwt.RemoteOptions{})
			if err := keys.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s := keys.Status(); s.StaleUntil.Sub(s.FreshUntil) != time.Hour {
				t.Errorf("got %+v", s)
			}
		})
		testStale(t, 0, time.Hour)
	},
	"maxStale": func(t *testing.T) {
		fixture.WantLimit(t, "MaxStale", 24*time.Hour, func(n time.Duration) error {
			_, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{MaxStale: n})
			return err
		})
		testStale(t, 24*time.Hour, 24*time.Hour)
	},
	"metadataFresh": func(t *testing.T) {
		for wait, want := range map[time.Duration]int{time.Minute: 1, time.Minute + 1: 2} {
			fixture.Bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t)
				p.Header.Set("Cache-Control", "max-age=3600")
				v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
				v.Warm(t.Context())
				time.Sleep(wait)
				fixture.Verify(v, fixture.Naming("nobody"))
				if p.Count("/keys") != 2 || p.Count(fixture.OIDCPath) != want {
					t.Errorf("after %v: %v", wait, p.Fetches)
				}
			})
		}
	},
	"minBackoff":    testBackoff,
	"maxBackoff":    testBackoff,
	"maxDoublings":  testBackoff,
	"backoffJitter": testBackoff,
	"maxRetryAfter": func(t *testing.T) {
		for asked, want := range map[string]time.Duration{"59": 59 * time.Second, "60": time.Minute, "61": time.Minute, "2147483647": time.Minute} {
			fixture.Bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t)
				p.Header.Set("Retry-After", asked)
				p.Answer = fixture.Down
				keys := p.Remote(jwt.RemoteOptions{})
				keys.Warm(t.Context())
				if got := time.Until(keys.Status().NextAttempt); got != want {
					t.Errorf("Retry-After %s: got %v", asked, got)
				}
			})
		}
	},
	"lookUpBudget":  testBudget,
	"lookUpRefill":  testBudget,
	"lookUpSpacing": testBudget,
	"proofTime": func(t *testing.T) { // after it the key may have been published meanwhile
		fixture.Bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
			v.Warm(t.Context())
			p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
			time.Sleep(10 * time.Second)
			for _, text := range []string{fixture.Naming("nobody"), fixture.Forged()} {
				token, err := fixture.Verify(v, text)
				if e := (*jwt.Error)(nil); token != nil || !errors.As(err, &e) || e.Reason != jwt.ReasonKeyUnknown && e.Reason != jwt.ReasonSignatureInvalid {
					t.Errorf("after 10 s: %v", err)
				}
			}
			time.Sleep(time.Nanosecond)
			for _, text := range []string{fixture.Naming("nobody"), fixture.Forged()} {
				token, err := fixture.Verify(v, text)
				fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
			}
		})
	},
	"defaultMaxWait": func(t *testing.T) { testWait(t, 0, 5*time.Second) },
	"maxMaxWait": func(t *testing.T) {
		fixture.WantLimit(t, "MaxWait", time.Minute, func(n time.Duration) error {
			_, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{MaxWait: n})
			return err
		})
		testWait(t, 3*time.Second, 3*time.Second)
	},
	"renewalWait": func(t *testing.T) {
		fixture.Bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
			v.Warm(t.Context())
			time.Sleep(10 * time.Minute)
			p.Set(func(p *fixture.Provider) { p.Delay = 4 * time.Second })
			for _, want := range []time.Duration{time.Second, 0, 0} { // of the flight, not of each token
				start := time.Now()
				token, err := fixture.Verify(v, fixture.Mint(nil))
				fixture.WantAccepted(t, token, err)
				if took := time.Since(start); took != want {
					t.Errorf("waited %v, want %v", took, want)
				}
			}
			time.Sleep(10 * time.Second)
		})
	},
	"fileRead": func(t *testing.T) {
		fixture.Bubble(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)), 0o600); err != nil {
				t.Fatal(err)
			}
			keys, err := jwt.KeysFile(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if _, err := keys.Key(t.Context(), jwt.Header{Algorithm: jwt.ES256}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				time.Sleep(100 * time.Millisecond)
			}
			if n := keys.Status().Fetches; n < 9 || n > 11 {
				t.Errorf("read %d times in 10 s", n)
			}
		})
	},
	"maxUntold": func(t *testing.T) {
		for _, raised := range []int{1001, 1002} { // one of them is being told
			fixture.Bubble(t, func(t *testing.T) {
				release, told := make(chan struct{}), 0
				keys := fixture.NewProvider(t).Remote(jwt.RemoteOptions{OnEvent: func(jwt.Event) { <-release; told++ }})
				for range raised - 1 { // the first fetch has two events, the others have one
					if err := keys.Warm(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(10 * time.Minute)
				}
				close(release)
				synctest.Wait()
				if told != 1001 {
					t.Errorf("%d of %d events were told", told, raised)
				}
			})
		}
	},

	"maxShown": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		fixture.WantLimit(t, "kid", 64, func(n int) error {
			kid := strings.Repeat("k", n)
			_, err := fixture.Verify(v, signedRaw(`{"alg":"RS256","kid":"`+kid+`"}`, fixture.Payload()))
			if e := (*jwt.Error)(nil); !errors.As(err, &e) || e.Got != kid || e.KeyID != kid {
				return err
			}
			return nil
		})
	},
	"maxDetail": func(t *testing.T) {
		fixture.WantLimit(t, "an error of the caller's", 512, func(n int) error {
			text := strings.Repeat("word ", n)[:n]
			v := fixture.NewVerifier(t, func(c *jwt.Config) {
				c.Validate = func(context.Context, *jwt.Token) error { return errors.New(text) }
			})
			if _, err := fixture.Verify(v, fixture.Issuer().Token(nil)); err == nil || !strings.HasSuffix(err.Error(), ": "+text) {
				return err
			}
			return nil
		})
	},
	"maxListed": func(t *testing.T) {
		fixture.WantLimit(t, "Audience", 8, func(n int) error {
			v := fixture.NewVerifier(t, func(c *jwt.Config) {
				for i := range n - 1 {
					c.Audience = append(c.Audience, fmt.Sprint("api-", i))
				}
			})
			if _, err := fixture.Verify(v, fixture.Issuer().Token(claims{"aud": "x"})); err == nil || strings.Contains(err.Error(), " and 1 more") {
				return err
			}
			return nil
		})
	},
	"runLength": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		signature := strings.Split(fixture.Issuer().Token(nil), ".")[2]
		fixture.WantLimit(t, "kid", 16, func(n int) error {
			kid := signature[10 : 10+n]
			_, err := fixture.Verify(v, fixture.B64(`{"alg":"RS256","kid":"`+kid+`"}`)+".e30."+signature)
			if e := (*jwt.Error)(nil); !errors.As(err, &e) || e.KeyID != kid || e.Got != kid {
				return err
			}
			return nil
		})
	},
	"maxHintPayload": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		fixture.WantLimit(t, "payload", 2<<10, func(n int) error {
			payload := `{"iss":"https://elsewhere.example","x":"` // and more
			payload += strings.Repeat("x", n-len(payload)-2) + `"}`
			token := fixture.B64(`{"alg":"RS256","kid":"nobody"}`) + "." + fixture.B64(payload) + ".AAAA"
			_, err := fixture.Verify(v, token)
			if e := (*jwt.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Hint, "elsewhere.example") {
				return err
			}
			return nil
		})
	},
}

// rsaConstructors are the ways to make an RSA key of its numbers.
func rsaConstructors(t *testing.T) map[string]func(n []byte, e int) error {
	t.Helper()
	public := func(n []byte, e int) *rsa.PublicKey {
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: e}
	}
	text := func(n []byte, e int) []byte {
		text, err := json.Marshal(fixture.RSAJWK(n, big.NewInt(int64(e)).Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	return map[string]func(n []byte, e int) error{
		"RSAKey":   func(n []byte, e int) error { _, err := jwt.RSAKey("", jwt.RS256, public(n, e)); return err },
		"ParseKey": func(n []byte, e int) error { _, err := jwt.ParseKey(text(n, e)); return err },
		"ParseKeySet": func(n []byte, e int) error {
			_, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(text(n, e)) + `]}`))
			return err
		},
		"ParsePEM": func(n []byte, e int) error {
			_, err := jwt.ParsePEM("", jwt.RS256, fixture.PEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public(n, e))))
			return err
		},
	}
}

// warmWith fetches from an issuer that answers one path with a text.
func warmWith(t *testing.T, path, text string) error {
	t.Helper()
	p := fixture.NewProvider(t)
	p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == path {
			io.WriteString(w, text)
		}
		return r.URL.Path == path
	}
	return p.Remote(jwt.RemoteOptions{}).Warm(t.Context())
}

// warmAfter fetches a key set that takes so long to answer.
func warmAfter(t *testing.T, delay, timeout time.Duration) (err error) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Delay = delay
		keys, errNew := jwt.NewRemoteKeySet(fixture.KeysURL, &jwt.RemoteOptions{Timeout: timeout, Client: &http.Client{Transport: p}})
		if errNew != nil {
			t.Fatal(errNew)
		}
		err = keys.Warm(t.Context())
	})
	return err
}

// warmWithHeader fetches a key set whose status line and header fields have so many bytes.
func warmWithHeader(t *testing.T, size int) error {
	body := fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
	header := fmt.Sprintf("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\nX: ", len(body))
	header += strings.Repeat("x", size-len(header)-4) + "\r\n\r\n"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			io.WriteString(conn, header+string(body))
		}
	}()
	keys, err := jwt.NewRemoteKeySet("http://"+listener.Addr().String(), &jwt.RemoteOptions{InsecureLoopbackHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	return keys.Warm(t.Context())
}

// A cache for one token has 4 KiB: 512 bytes, twice the length of a signing input, and that of iss.
func testCachedSize(t *testing.T) {
	fixture.WantLimit(t, "signing input", (4<<10-512-len(fixture.Issuer().URL))/2, func(size int) error {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.TokenCache = 1 })
		for pad := range 20 { // until it is of that very size
			header := `{"alg":"RS256","kid":"rs256-1","x":"` + strings.Repeat("x", pad) + `"}`
			payload := strings.TrimSuffix(fixture.Payload(`"x":"`), "}")
			for len(fixture.B64(header)+"."+fixture.B64(payload+`"}`)) < size {
				payload += "x"
			}
			if payload += `"}`; len(fixture.B64(header)+"."+fixture.B64(payload)) != size {
				continue
			}
			token, err := fixture.Verify(v, signedRaw(header, payload))
			fixture.WantAccepted(t, token, err)
			if fixture.CacheStatus(t, v).Tokens == 0 {
				return errors.New("it is not remembered")
			}
			return nil
		}
		t.Fatalf("no signing input has %d bytes", size)
		return nil
	})
}

// wantFresh asserts how long a set is fresh with this Cache-Control.
func wantFresh(t *testing.T, cacheControl string, want time.Duration) {
	t.Helper()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		if cacheControl != "" {
			p.Header.Set("Cache-Control", cacheControl)
		}
		keys := p.Remote(jwt.RemoteOptions{})
		if err := keys.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := keys.Status(); s.FreshUntil.Sub(s.LastSuccess) != want {
			t.Errorf("%q: got %v", cacheControl, s.FreshUntil.Sub(s.LastSuccess))
		}
	})
}

// testStale asserts when the last keys serve no longer.
func testStale(t *testing.T, option, want time.Duration) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{MaxStale: option}))
		v.Warm(t.Context())
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		time.Sleep(10*time.Minute + want - 1)
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantAccepted(t, token, err)
		time.Sleep(time.Nanosecond)
		token, err = fixture.Verify(v, fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	})
}

// Of many sets that were fetched at once, none is renewed before 80 % of its freshness, all are from
// 90 % on, and between those times it is some and then more.
func testRenewal(t *testing.T) {
	const sets = 200
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		var all []*jwt.RemoteKeySet
		for range sets {
			keys := p.Remote(jwt.RemoteOptions{})
			keys.Warm(t.Context())
			all = append(all, keys)
		}
		start := time.Now()
		for _, c := range []struct {
			at          time.Duration
			least, most int
		}{{480*time.Second - 1, 0, 0}, {510 * time.Second, 1, sets - 1}, {540 * time.Second, sets, sets}} {
			time.Sleep(time.Until(start.Add(c.at)))
			for _, keys := range all {
				if _, err := keys.Key(t.Context(), jwt.Header{Algorithm: jwt.ES256}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if n := p.Count("/keys") - sets; n < c.least || n > c.most {
				t.Errorf("%d of %d sets were renewed after %v", n, sets, c.at)
			}
		}
	})
}

// The pause after the n-th failure is 1 s, doubled up to 30 s, and up to a fifth more or less by chance.
func testBackoff(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Answer = fixture.Down
		var all []*jwt.RemoteKeySet
		for range 50 {
			all = append(all, p.Remote(jwt.RemoteOptions{}))
		}
		for failures := range 70 { // more doublings than a duration has bits
			want := 30 * time.Second
			if failures < 5 {
				want = time.Second << failures
			}
			least, most := time.Hour, time.Duration(0)
			for _, keys := range all {
				keys.Warm(t.Context())
				pause := time.Until(keys.Status().NextAttempt)
				least, most = min(least, pause), max(most, pause)
			}
			if least < want*8/10 || most > want*12/10 || most-least < want/10 {
				t.Errorf("failure %d: from %v to %v", failures+1, least, most)
			}
			time.Sleep(most)
		}
		if n := p.Count(fixture.OIDCPath); n != 50*70 {
			t.Errorf("%d fetches", n)
		}
	})
}

// Unknown kids cause two fetches, two seconds apart, and then one in ten seconds.
func testBudget(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		v.Warm(t.Context())
		kid := 0
		for _, c := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {2*time.Second - 1, 1}, {1, 2}, {8*time.Second - 1, 2}, {1, 3}, {10*time.Second - 1, 3}, {1, 4}, {20 * time.Second, 5}, {2 * time.Second, 6}, {2 * time.Second, 6}} {
			time.Sleep(c.wait)
			for range 5 {
				kid++
				fixture.Verify(v, fixture.Naming(strconv.Itoa(kid)))
			}
			if n := p.Count("/keys") - 1; n != c.want {
				t.Errorf("%d fetches for %d kids, want %d", n, kid, c.want)
			}
		}
	})
}

// testWait asserts how long a token without a key waits for an issuer that does not answer.
func testWait(t *testing.T, option, want time.Duration) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Delay = time.Hour
		start := time.Now()
		token, err := fixture.Verify(p.Verifier(p.Remote(jwt.RemoteOptions{MaxWait: option})), fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		if took := time.Since(start); took != want {
			t.Errorf("waited %v, want %v", took, want)
		}
		time.Sleep(2 * time.Hour)
	})
}

// limitsElsewhere names the tests of limits that are tested beside their code.
var limitsElsewhere = map[string][]string{
	"maxLook":              {"TestTraceLimit, trace_test.go"},
	"maxIdentifier":        {"TestMetadataLimits, metadata_test.go"},
	"maxMetadataText":      {"TestMetadataLimits, metadata_test.go"},
	"maxMetadataList":      {"TestMetadataLimits, metadata_test.go"},
	"defaultMaxTokenSize":  {"TestSizeLimits, jose_test.go"},
	"defaultMaxHeaderSize": {"TestSizeLimits, jose_test.go"},
	"maxValues":            {"TestValueLimit, claims_test.go"},
	"defaultLeeway":        {"TestClock, policy_test.go"},
	"maxLeeway":            {"TestClock, policy_test.go"}, // what it means
	"defaultRetryAfter":    {"TestUnavailable, bearer_test.go"},
	"warmAtOnce":           {"TestWarmMany, networks_test.go"},
	"maxConnsPerHost":      {"TestSharedTransport, networks_test.go"},
	"maxIdleConns":         {"TestSharedTransport, networks_test.go"},
	"idleTimeout":          {"TestSharedTransport, networks_test.go"},
	"pingAfter":            {"TestDeadConnection, networks_test.go"},
	"pingTimeout":          {"TestDeadConnection, networks_test.go"},
	"maxSnapshotSize":      {"TestSnapshotSizeLimit, snapshot_test.go"},
	"maxSnapshotLead":      {"TestSnapshotRefused, snapshot_test.go"},
	"maxLocked":            {"TestSnapshotLockThatWasLeft, snapshot_test.go"},
	"fileFresh":            {"TestKeysFileIsReplaced, keysfile_test.go"},
}

func TestLimits(t *testing.T) { testRows(t, limits, limitsElsewhere) }

// notLimits are the numbers of the source that nothing from outside is held against.
var notLimits = map[string]string{
	"fewMembers": "from here on duplicates are found in another way, with the same result",
	"kindJSON":   "a kind of type", "kindText": "a kind of type", "kindNumber": "a kind of type", "kindObject": "a kind of type",
	"notBase64url": "marks what is no digit",
	"spread":       "a factor that mixes the bits of a mark",
}

// docs/limits.md names every number of the source, with its value and
// with the setting that changes it; and each has its test.
func TestLimitsTable(t *testing.T) {
	rows := limitRows(t)
	constants := numbers(t)
	tested := map[string]bool{}
	for name := range limits {
		tested[name] = true
	}
	for name := range limitsElsewhere {
		tested[name] = true
	}
	for name, value := range constants {
		row, listed := rows[name]
		switch {
		case notLimits[name] != "" && !listed && !tested[name]:
		case !listed:
			t.Errorf("%s is not in docs/limits.md", name)
		case !tested[name]:
			t.Errorf("%s has no test", name)
		case !constant.Compare(row.value, gotoken.EQL, value):
			t.Errorf("%s is %v, the table says %v", name, value, row.value)
		}
	}
	for name, row := range rows {
		if constants[name] == nil {
			t.Errorf("%s is in docs/limits.md, and not in the source", name)
		}
		if row.setting == "" {
			continue
		}
		typ, field, _ := strings.Cut(row.setting, ".")
		if in := map[string]reflect.Type{"Config": reflect.TypeFor[jwt.Config](), "RemoteOptions": reflect.TypeFor[jwt.RemoteOptions]()}[typ]; in == nil {
			t.Errorf("%s: there is no %s", name, typ)
		} else if _, ok := in.FieldByName(field); !ok {
			t.Errorf("%s: there is no %s", name, row.setting)
		}
	}
	for name := range tested {
		if _, ok := rows[name]; !ok {
			t.Errorf("%s has a test, and is not in docs/limits.md", name)
		}
	}
	if len(rows) < 50 {
		t.Errorf("%d rows", len(rows))
	}
}

type limitRow struct {
	value   constant.Value
	setting string
}

// limitRows reads the tables of docs/limits.md: value, words, constant, setting.
func limitRows(t *testing.T) map[string]limitRow {
	t.Helper()
	text, err := os.ReadFile(fixture.Path("docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]limitRow{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for n := range cells {
			cells[n] = strings.Trim(cells[n], " `")
		}
		if !strings.HasPrefix(line, "| ") || cells[0] == "value" {
			continue
		}
		if len(cells) != 4 || cells[2] == "" || rows[cells[2]].value != nil {
			t.Fatalf("the row %q has no constant, or one that another row has", line)
		}
		row := limitRow{value: measure(t, cells[0])}
		row.setting = cells[3]
		rows[cells[2]] = row
	}
	return rows
}

// measure reads a number as people write it.
func measure(t *testing.T, text string) constant.Value {
	t.Helper()
	number, unit, _ := strings.Cut(text, " ")
	units := map[string]constant.Value{"": constant.MakeInt64(1), "bits": constant.MakeInt64(1), "KiB": constant.MakeInt64(1 << 10), "MiB": constant.MakeInt64(1 << 20),
		"s": constant.MakeInt64(int64(time.Second)), "min": constant.MakeInt64(int64(time.Minute)), "h": constant.MakeInt64(int64(time.Hour)),
		"years": constant.MakeInt64(int64(365 * 24 * time.Hour)), "%": constant.BinaryOp(constant.MakeInt64(1), gotoken.QUO, constant.MakeInt64(100))}
	value := constant.MakeFromLiteral(number, gotoken.FLOAT, 0)
	if number == "2^31-1" {
		value = constant.MakeInt64(1<<31 - 1)
	}
	if value.Kind() == constant.Unknown || units[unit] == nil {
		t.Fatalf("%q is not a number that the table may have", text)
	}
	return constant.BinaryOp(value, gotoken.MUL, units[unit])
}

// numbers are the constants of the source: numbers and durations, without the enumerations that have
// a type of their own.
func numbers(t *testing.T) map[string]constant.Value {
	t.Helper()
	fset := gotoken.NewFileSet()
	var files []*ast.File
	for _, name := range sources(t) {
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	// Of other packages only the durations are needed; all else is missing, and said to be.
	checker := types.Config{Importer: timeImporter{}, Error: func(error) {}}
	pkg, _ := checker.Check("jwt", fset, files, nil)
	found := map[string]constant.Value{}
	for _, name := range pkg.Scope().Names() {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if !ok {
			continue
		}
		if named, ok := c.Type().(*types.Named); ok && named.Obj().Pkg() == pkg {
			continue
		}
		switch c.Val().Kind() {
		case constant.Int, constant.Float:
			found[name] = c.Val()
		case constant.Unknown:
			t.Errorf("the value of %s is not known", name)
		}
	}
	return found
}

// sources lists the files of the package without its tests.
func sources(t *testing.T) (names []string) {
	t.Helper()
	all, err := filepath.Glob(fixture.Path("*.go"))
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

// timeImporter knows the durations of package time.
type timeImporter struct{}

func (timeImporter) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	if path == "time" {
		name := types.NewTypeName(gotoken.NoPos, pkg, "Duration", nil)
		typ := types.NewNamed(name, types.Typ[types.Int64], nil)
		pkg.Scope().Insert(name)
		for unit, value := range map[string]time.Duration{"Nanosecond": 1, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
			"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour} {
			pkg.Scope().Insert(types.NewConst(gotoken.NoPos, pkg, unit, typ, constant.MakeInt64(int64(value))))
		}
	}
	pkg.MarkComplete()
	return pkg, nil
}
