// This file shows the package to its readers: every example runs, and its output is checked.

package jwt_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"assay.example/jwt/providers"
)

// startIssuer stands in for an identity provider.
func startIssuer() *jwttest.Issuer {
	iss, err := jwttest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	return iss
}

func Example() {
	iss := startIssuer()
	defer iss.Close()

	// With a real provider: jwt.Config{Issuer: "https://tenant.eu.auth0.com/", Audience: []string{"https://api.example.com"}}.
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		fmt.Fprintf(w, "Hello, %s!", token.Subject())
	})
	mux := http.NewServeMux()
	mux.Handle("GET /api/private", v.Require()(hello))
	mux.Handle("GET /api/private-scoped", v.Require(jwt.Scope("read:messages"))(hello))

	get := func(path, token string) {
		r := httptest.NewRequest("GET", path, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"), strings.TrimSpace(w.Body.String()))
	}
	get("/api/private", "")
	get("/api/private", iss.Token(nil))
	get("/api/private-scoped", iss.Token(jwttest.Claims{"scope": "read:messages"}))
	get("/api/private-scoped", iss.Token(nil))
	// Output:
	// 401 Bearer realm="api" {"error":"unauthorized","error_description":"A bearer access token is required."}
	// 200  Hello, test-subject!
	// 200  Hello, test-subject!
	// 403 Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="read:messages" {"error":"insufficient_scope","error_description":"The access token does not allow this request."}
}

func ExampleNewVerifier() {
	iss := startIssuer()
	defer iss.Close()
	other := iss.Config()
	other.Issuer, other.Algorithms, other.Leeway = "https://other.example", []jwt.Algorithm{jwt.ES256}, time.Minute
	v, err := jwt.NewVerifier(iss.Config(), other)
	if err != nil {
		log.Fatal(err)
	}
	token, err := v.Verify(context.Background(), iss.Token(jwttest.Claims{"sub": "alice"}))
	fmt.Println(token.Subject(), err)

	_, err = jwt.NewVerifier(jwt.Config{Issuer: "https://tenant.eu.auth0.com/"})
	fmt.Println(err)
	// Output:
	// alice <nil>
	// jwt: Config for issuer "https://tenant.eu.auth0.com/": an Audience is required, unless Clients is set
}

func ExampleVerifier_Verify() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	_, err = v.Verify(context.Background(), iss.Token(jwttest.Claims{"aud": "https://API.example.com"}))
	fmt.Println(err)
	var refusal *jwt.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Reason, refusal.Member, errors.Is(err, jwt.ErrClaims))
	}
	// Output:
	// jwt: wrong audience: aud is "https://API.example.com", want "https://api.example.com"; they differ only by letter case
	// audience_mismatch aud true
}

func ExampleVerifier_Warm() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Status()[0].Keys.State)
	if err := v.Warm(context.Background()); err != nil {
		log.Print(err) // the service may start all the same: it tries again with the first token
	}
	status := v.Status()[0].Keys
	fmt.Println(status.State, len(status.Keys), "keys, the first", status.Keys[0].KeyID)
	// Output:
	// empty
	// fresh 10 keys, the first rs256-1
}

func ExampleConfig_validate() {
	iss := startIssuer()
	defer iss.Close()
	c := iss.Config()
	c.Profile = jwt.AccessToken
	c.Validate = func(_ context.Context, token *jwt.Token) error {
		if tenant, _ := token.Claim("tenant"); tenant != "acme" {
			return errors.New("not one of our tenants")
		}
		return nil
	}
	v, err := jwt.NewVerifier(c)
	if err != nil {
		log.Fatal(err)
	}
	_, err = v.Verify(context.Background(), iss.Mint(jwttest.Spec{
		Header: map[string]any{"typ": "at+jwt"}, Claims: jwttest.Claims{"client_id": "app", "tenant": "other"}}))
	fmt.Println(err)
	// Output: jwt: refused by validation: not one of our tenants
}

func ExampleClaims() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	token, err := v.Verify(context.Background(), iss.Token(jwttest.Claims{"tenant": "acme", "GROUPS": []string{"admin"}, "groups": []string{"staff"}}))
	if err != nil {
		log.Fatal(err)
	}
	type custom struct {
		Tenant string   `json:"tenant"`
		Groups []string `json:"groups"`
	}
	claims, err := jwt.Claims[custom](token)
	fmt.Println(claims, err)
	// Output: {acme [staff]} <nil>
}

func ExampleToken_Claim() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	token, err := v.Verify(context.Background(), iss.Token(jwttest.Claims{"realm_access": map[string]any{"roles": []string{"admin"}}, "level": 3}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Claim("realm_access", "roles"))
	fmt.Println(token.Claim("level"))
	fmt.Println(token.Claim("LEVEL"))
	// Output:
	// [admin] true
	// 3 true
	// <nil> false
}

// The log tells the operator why, and the client does not learn it.
func ExampleNewResource() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey, slog.LevelKey, "text":
			return slog.Attr{} // so that the lines fit here
		case "issuer":
			a.Value = slog.StringValue("https://issuer.example") // its port is another each time
		}
		return a
	}}))
	api, err := jwt.NewResource(v, jwt.ResourceConfig{
		Realm:     "messages",
		OnRefusal: func(r *http.Request, e *jwt.Error) { logger.Warn("refused", "path", r.URL.Path, "jwt", e) },
	})
	if err != nil {
		log.Fatal(err)
	}
	handler := api.Require(jwt.Any(jwt.Claim("permissions").Has("read:messages"), jwt.Claim("roles").Has("admin")))(http.NotFoundHandler())
	for _, claims := range []jwttest.Claims{{"jti": "7", "aud": "https://API.example.com"}, {"jti": "8", "permissions": []string{"read:users"}}} {
		r := httptest.NewRequest("GET", "/api/messages", nil)
		r.Header.Set("Authorization", "Bearer "+iss.Token(claims))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// msg=refused path=/api/messages jwt.reason=audience_mismatch jwt.issuer=https://issuer.example jwt.kid=rs256-1 jwt.sub=test-subject jwt.jti=7 jwt.member=aud jwt.got=https://API.example.com jwt.want="\"https://api.example.com\"" jwt.hint="they differ only by letter case"
	// 401 Bearer realm="messages", error="invalid_token", error_description="The access token is not valid for this service."
	// msg=refused path=/api/messages jwt.reason=requirement_unmet jwt.issuer=https://issuer.example jwt.kid=rs256-1 jwt.sub=test-subject jwt.jti=8 jwt.member=permissions jwt.got=read:users jwt.want="Claim(\"permissions\").Has(\"read:messages\") or Claim(\"roles\").Has(\"admin\")"
	// 403 Bearer realm="messages", error="insufficient_scope", error_description="The access token does not allow this request."
}

// A handler that answers in its own way checks first and asks for the challenge itself.
func ExampleResource_Check() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		log.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := api.Check(r)
		if errors.Is(err, jwt.ErrNoToken) {
			io.WriteString(w, "Hello, whoever you are!") // absent, never refused
			return
		}
		if err != nil {
			api.Challenge(w, r, err)
			return
		}
		fmt.Fprintf(w, "Hello, %s!", token.Subject())
	})
	for _, authorization := range []string{"", "Bearer " + iss.Token(nil), "Bearer x"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body.String()[:5])
	}
	// Output:
	// 200 Hello
	// 200 Hello
	// 401 {"err
}

// With an identifier a client finds by itself where to get a token: the challenge names the metadata of the
// resource, and the metadata names the issuer. The metadata stands outside of the guard.
func ExampleResource_Metadata() {
	v, err := jwt.NewVerifier(jwt.Config{Issuer: "https://login.example.com", Audience: []string{"https://api.example.com/mcp"}})
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{
		Identifier: "https://api.example.com/mcp",
		Metadata:   jwt.ResourceMetadata{Name: "Files", ScopesSupported: []string{"files:read"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/mcp", api.Require(jwt.Scope("files:read"))(http.NotFoundHandler()))
	for _, path := range api.MetadataPaths() {
		mux.Handle(path, api.Metadata())
	}

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/mcp", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/oauth-protected-resource/mcp", nil))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 401 Bearer scope="files:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"
	// 200 {"resource":"https://api.example.com/mcp","authorization_servers":["https://login.example.com"],"scopes_supported":["files:read"],"bearer_methods_supported":["header"],"resource_name":"Files"}
}

// What a request needs may depend on the request: here on the room in its path. The challenge names all
// scopes, those of the route too.
func ExampleToken_Meets() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /rooms/{room}", api.Require(jwt.Scope("rooms"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		if err := token.Meets(jwt.Scope("room:" + r.PathValue("room"))); err != nil {
			api.Challenge(w, r, err)
			return
		}
		fmt.Fprint(w, "Welcome.")
	})))
	for _, path := range []string{"/rooms/6", "/rooms/7"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+iss.Token(jwttest.Claims{"scope": "rooms room:6"}))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		_, scope, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), "scope=")
		fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", scope)))
	}
	// Output:
	// 200
	// 403 "rooms room:7"
}

// A host that is no HTTP server verifies the text of the token, asks what its route needs, and hands the
// token on in the context.
func ExampleNewContext() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	handle := func(ctx context.Context) {
		token, _ := jwt.FromContext(ctx)
		fmt.Println("for", token.Subject())
	}
	consume := func(ctx context.Context, text string) error {
		token, err := v.Verify(ctx, text)
		if err != nil {
			return err
		}
		if err := token.Meets(jwt.Scope("jobs:run")); err != nil {
			return err
		}
		handle(jwt.NewContext(ctx, token))
		return nil
	}
	fmt.Println(consume(context.Background(), iss.Token(jwttest.Claims{"scope": "jobs:run"})))
	fmt.Println(consume(context.Background(), iss.Token(nil)))
	// Output:
	// for test-subject
	// <nil>
	// jwt: missing scope: the token has no scope, want "jobs:run"
}

// A service with a form of its own for errors gives the body: here problem details (RFC 9457).
func ExampleRefusal() {
	iss := startIssuer()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{Answer: func(r *http.Request, refusal jwt.Refusal) (string, []byte) {
		body, err := json.Marshal(map[string]any{"type": "about:blank", "status": refusal.Status, "title": http.StatusText(refusal.Status),
			"detail": refusal.Description, "instance": r.URL.Path})
		if err != nil {
			panic(err) // the small JSON of the package is sent then
		}
		return "application/problem+json", body
	}})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	api.Require(jwt.Scope("read"))(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/api", nil))
	fmt.Println(w.Header().Get("WWW-Authenticate"))
	fmt.Println(w.Header().Get("Content-Type"), w.Body)
	// Output:
	// Bearer scope="read"
	// application/problem+json {"detail":"A bearer access token is required.","instance":"/api","status":401,"title":"Unauthorized","type":"about:blank"}
}

// Many issuers sign several kinds of token with the same keys. Require tells them apart for every route.
func ExampleConfig_require() {
	c := jwt.Config{
		Issuer:  "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool",
		Clients: []string{"web-app"},
		Require: []jwt.Requirement{jwt.Claim("token_use").Equals("access")},
	}
	if _, err := jwt.NewVerifier(c); err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Require)
	c.Require = []jwt.Requirement{jwt.All()}
	_, err := jwt.NewVerifier(c)
	fmt.Println(err)
	// Output:
	// [Claim("token_use").Equals("access")]
	// jwt: Config for issuer "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool": Require: All(): it names no requirement
}

func ExampleRequirement() {
	for _, req := range []jwt.Requirement{
		jwt.Scope("read:messages", "write:messages"),
		jwt.Any(jwt.Scope("read:messages"), jwt.Claim("realm_access", "roles").HasAny("admin", "editor")),
		jwt.All(jwt.Claim("tenant").Equals("acme"), jwt.Claim("email_verified").Equals(true)),
		jwt.All(jwt.ACR("urn:example:mfa"), jwt.MaxAuthAge(5*time.Minute)),
	} {
		fmt.Println(req)
	}
	// Output:
	// Scope("read:messages", "write:messages")
	// Any(Scope("read:messages"), Claim("realm_access", "roles").HasAny("admin", "editor"))
	// All(Claim("tenant").Equals("acme"), Claim("email_verified").Equals(true))
	// All(ACR("urn:example:mfa"), MaxAuthAge(5m0s))
}

func ExampleDiscover() {
	iss := startIssuer()
	defer iss.Close()
	keys, err := jwt.Discover(iss.URL, &jwt.RemoteOptions{Client: iss.Client(), Timeout: 2 * time.Second, MaxStale: 15 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: iss.URL, Audience: []string{jwttest.Audience}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	_, err = v.Verify(context.Background(), iss.Token(nil))
	fmt.Println(err, keys.Status().State)
	// Output: <nil> fresh
}

// On a loopback address an issuer may speak plain http, if that is allowed by name.
func ExampleNewRemoteKeySet() {
	iss, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/realms/test"})
	if err != nil {
		log.Fatal(err)
	}
	defer iss.Close()
	address := strings.TrimSuffix(iss.URL, "/realms/test") + "/.well-known/jwks.json"
	_, err = jwt.NewRemoteKeySet(address, nil)
	fmt.Println(strings.Contains(err.Error(), "is not https"))
	keys, err := jwt.NewRemoteKeySet(address, &jwt.RemoteOptions{InsecureLoopbackHTTP: true})
	fmt.Println(err, keys.Warm(context.Background()))
	// Output:
	// true
	// <nil> <nil>
}

// Operators are told of every transition, and the keys survive a restart.
func ExampleRemoteOptions() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	iss := startIssuer()
	defer iss.Close()
	told := make(chan jwt.EventKind, 100)
	options := &jwt.RemoteOptions{
		Client:       iss.Client(),
		MaxStale:     4 * time.Hour,
		SnapshotFile: jwt.SnapshotFile(filepath.Join(dir, "keys.json")),
		OnEvent:      func(e jwt.Event) { told <- e.Kind },
	}
	keys, err := jwt.Discover(iss.URL, options)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keys.Warm(context.Background()), <-told, <-told)
	for range len(keys.Status().Keys) - 1 {
		<-told // every further key that was added
	}

	iss.SetDown(true)
	restarted, err := jwt.Discover(iss.URL, options)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(restarted.Warm(context.Background()), <-told, <-told)
	// Output:
	// <nil> fetched key_added
	// <nil> restored failed
}

// Issuers come and go while the service runs.
func ExampleVerifier_Replace() {
	ctx := context.Background()
	first, second := startIssuer(), startIssuer()
	defer first.Close()
	defer second.Close()
	v, err := jwt.NewVerifier(first.Config())
	if err != nil {
		log.Fatal(err)
	}
	show := func() {
		_, errFirst := v.Verify(ctx, first.Token(nil))
		_, errSecond := v.Verify(ctx, second.Token(nil))
		fmt.Println(errFirst == nil, errSecond == nil)
	}
	show()
	// A customer comes, and another leaves.
	if err := v.Replace(second.Config()); err != nil {
		log.Fatal(err) // the issuers are those of before
	}
	show()
	// Output:
	// true false
	// false true
}

// Keys in a file, such as a mounted secret, that is replaced while the service runs.
func ExampleKeysFile() {
	iss := startIssuer()
	defer iss.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	response, err := iss.Client().Get(iss.URL + "/.well-known/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		log.Fatal(err)
	}
	keys, err := jwt.KeysFile(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	c := iss.Config()
	c.Keys = keys
	v, err := jwt.NewVerifier(c)
	if err != nil {
		log.Fatal(err)
	}
	_, err = v.Verify(context.Background(), iss.Token(nil))
	fmt.Println(err, v.Ready(context.Background()), keys.Status().State)
	// Output: <nil> <nil> fresh
}

func ExampleRemoteKeySet_Snapshot() {
	iss := startIssuer()
	defer iss.Close()
	options := &jwt.RemoteOptions{Client: iss.Client()}
	keys, err := jwt.Discover(iss.URL, options)
	if err != nil {
		log.Fatal(err)
	}
	if err := keys.Warm(context.Background()); err != nil {
		log.Fatal(err)
	}
	snapshot, err := keys.Snapshot() // to be kept wherever the service keeps things
	if err != nil {
		log.Fatal(err)
	}

	iss.SetDown(true)
	restarted, err := jwt.Discover(iss.URL, &jwt.RemoteOptions{Client: iss.Client(), Snapshot: snapshot})
	fmt.Println(err, restarted.Warm(context.Background()), restarted.Status().State)
	_, err = jwt.Discover(iss.URL, &jwt.RemoteOptions{Snapshot: bytes.Replace(snapshot, []byte("RS256"), []byte("PS256"), 1)})
	fmt.Println(err)
	// Output:
	// <nil> <nil> fresh
	// jwt: Discover: the Snapshot is refused: its digest does not match: it was changed or cut
}

// The API server of Kubernetes wants a token of its own, and has a certificate of the cluster's.
func ExampleRemoteOptions_kubernetes() {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	keys, err := jwt.NewRemoteKeySet("https://kubernetes.default.svc/openid/v1/jwks", &jwt.RemoteOptions{
		RootCAs:         roots,
		BearerTokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token",
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = jwt.NewVerifier(jwt.Config{
		Issuer:   "https://kubernetes.default.svc.cluster.local", // a setting of the cluster
		Audience: []string{"my-service"},                         // of the token that the caller mounts
		Keys:     keys,
		Require:  []jwt.Requirement{jwt.Claim("sub").HasAny("system:serviceaccount:shop:orders", "system:serviceaccount:shop:billing")},
	})
	fmt.Println(err)
	// Output: <nil>
}

// Microsoft Entra ID signs the tokens of all tenants with the same keys.
func ExampleConfig_tenants() {
	const issuer = "https://login.microsoftonline.com/{tenantid}/v2.0"
	keys, err := jwt.Discover(issuer, &jwt.RemoteOptions{
		MetadataURL: "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = jwt.NewVerifier(jwt.Config{
		Issuer:   issuer,
		Tenants:  []string{"72f988bf-86f1-41af-91ab-2d7cd011db47"},
		Audience: []string{"11111111-2222-3333-4444-555555555555"},
		Keys:     keys,
	})
	fmt.Println(err)
	// Output: <nil>
}

// Two issuers, each with its own audience, algorithms and rules. The token says which one it came from.
func ExampleNewVerifier_severalIssuers() {
	staff, partners := startIssuer(), startIssuer()
	defer staff.Close()
	defer partners.Close()
	v, err := jwt.NewVerifier(
		jwt.Config{Issuer: staff.URL, Audience: []string{"https://api.example.com"}, Keys: staff.Key(jwt.RS256)}, // without Keys: discovery
		jwt.Config{Issuer: partners.URL, Audience: []string{"https://partners.example.com"}, Keys: partners.Key(jwt.RS256),
			Require: []jwt.Requirement{jwt.Claim("tenant").Equals("acme")}}, // of every token of this issuer
	)
	if err != nil {
		log.Fatal(err)
	}
	guard := v.Require(jwt.Any(jwt.Claim("iss").Equals(staff.URL), jwt.Scope("orders"))) // staff needs no scope
	for name, token := range map[string]string{
		"staff":               staff.Token(nil),
		"partner":             partners.Token(jwttest.Claims{"aud": "https://partners.example.com", "tenant": "acme", "scope": "orders"}),
		"no scope":            partners.Token(jwttest.Claims{"aud": "https://partners.example.com", "tenant": "acme"}),
		"another tenant":      partners.Token(jwttest.Claims{"aud": "https://partners.example.com", "tenant": "other", "scope": "orders"}),
		"the staff's API":     partners.Token(jwttest.Claims{"tenant": "acme", "scope": "orders"}),
		"a name that is lent": partners.Token(jwttest.Claims{"iss": staff.URL}),
	} {
		fmt.Println(name, answer(guard, "Authorization", "Bearer "+token))
	}
	// Unordered output:
	// staff 200
	// partner 200
	// no scope 403
	// another tenant 401
	// the staff's API 401
	// a name that is lent 401
}

// answer is the status that a request with this header field gets.
func answer(guard func(http.Handler) http.Handler, field, value string) int {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(field, value)
	w := httptest.NewRecorder()
	guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	return w.Code
}

// Keycloak has two kinds of roles, both below an object. The preset refuses its refresh and ID tokens.
func ExampleClaimPath_keycloak() {
	c, err := providers.Keycloak("https://id.example.com/realms/acme", "orders")
	if err != nil {
		log.Fatal(err)
	}
	admin := jwt.Any(
		jwt.Claim("realm_access", "roles").Has("admin"),              // a role of the realm
		jwt.Claim("resource_access", "orders", "roles").Has("admin"), // a role of the client orders
	)

	iss := startIssuer()
	defer iss.Close()
	c.Keys = iss.Key(jwt.RS256)
	v, err := jwt.NewVerifier(c)
	if err != nil {
		log.Fatal(err)
	}
	roles := func(names ...string) map[string]any { return map[string]any{"roles": names} }
	for name, claims := range map[string]jwttest.Claims{
		"realm":          {"typ": "Bearer", "realm_access": roles("user", "admin")},
		"client":         {"typ": "Bearer", "resource_access": map[string]any{"orders": roles("admin")}},
		"another client": {"typ": "Bearer", "resource_access": map[string]any{"billing": roles("admin")}},
		"user":           {"typ": "Bearer", "realm_access": roles("user")},
		"ID token":       {"typ": "ID", "realm_access": roles("admin")},
	} {
		claims["iss"], claims["aud"] = c.Issuer, "orders"
		fmt.Println(name, answer(v.Require(admin), "Authorization", "Bearer "+iss.Token(claims)))
	}
	// Unordered output:
	// realm 200
	// client 200
	// another client 403
	// user 403
	// ID token 401
}

// Entra ID has app roles, which are words, and groups, which are ids. A user of many groups has no claim groups at
// all, and is refused.
func ExampleClaimPath_entra() {
	c, err := providers.EntraV2("0184990a-477b-4fa8-9968-496074483cee", "0184990a-4782-42b5-afc1-16715b10b8ff")
	if err != nil {
		log.Fatal(err)
	}
	reader := jwt.Any(
		jwt.Claim("roles").HasAny("Orders.Read", "Orders.Write"),
		jwt.Claim("groups").Has("0184990a-4785-49d6-8a0b-2b2f2a3a1f6e"),
	)

	iss := startIssuer()
	defer iss.Close()
	c.Keys = iss.Key(jwt.RS256)
	v, err := jwt.NewVerifier(c)
	if err != nil {
		log.Fatal(err)
	}
	for name, claims := range map[string]jwttest.Claims{
		"role":     {"roles": []string{"Orders.Write"}},
		"group":    {"groups": []string{"0184990a-4785-49d6-8a0b-2b2f2a3a1f6e"}},
		"too many": {"_claim_names": map[string]string{"groups": "src1"}},
	} {
		claims["iss"], claims["aud"] = c.Issuer, c.Audience[0]
		fmt.Println(name, answer(v.Require(reader), "Authorization", "Bearer "+iss.Token(claims)))
	}
	// Unordered output:
	// role 200
	// group 200
	// too many 403
}

// The name of a claim is one member, whatever colons it has. The preset pins the app client, for Cognito's access
// tokens have no aud.
func ExampleClaimPath_cognito() {
	c, err := providers.Cognito("eu-west-1_AbCdEfGhI", "1h57kf5cpq17m0eml12EXAMPLE")
	if err != nil {
		log.Fatal(err)
	}
	staff := jwt.Claim("cognito:groups").HasAny("staff", "admins")

	iss := startIssuer()
	defer iss.Close()
	c.Keys = iss.Key(jwt.RS256)
	v, err := jwt.NewVerifier(c)
	if err != nil {
		log.Fatal(err)
	}
	for name, claims := range map[string]jwttest.Claims{
		"staff":    {"token_use": "access", "cognito:groups": []string{"staff"}},
		"no group": {"token_use": "access"},
		"ID token": {"token_use": "id", "cognito:groups": []string{"staff"}},
	} {
		claims["iss"], claims["aud"], claims["client_id"] = c.Issuer, nil, c.Clients[0]
		fmt.Println(name, answer(v.Require(staff), "Authorization", "Bearer "+iss.Token(claims)))
	}
	// Unordered output:
	// staff 200
	// no group 403
	// ID token 401
}

// A proxy that logs users in sends a token of its own, in a field of its own.
func ExampleResourceConfig_proxy() {
	c, err := providers.CloudflareAccess("acme", "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2")
	if err != nil {
		log.Fatal(err)
	}
	iss := startIssuer()
	defer iss.Close()
	c.Keys = iss.Key(jwt.RS256) // here alone: c has the address of Cloudflare's keys
	v, err := jwt.NewVerifier(c)
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{HeaderField: "Cf-Access-Jwt-Assertion"})
	if err != nil {
		log.Fatal(err)
	}
	token := iss.Token(jwttest.Claims{"iss": c.Issuer, "aud": c.Audience, "type": "app"})
	fmt.Println(answer(api.Require(), "Cf-Access-Jwt-Assertion", token))
	fmt.Println(answer(api.Require(), "Cf-Access-Jwt-Assertion", "forged"))
	fmt.Println(answer(api.Require(), "Authorization", "Bearer "+token)) // is not read
	// Output:
	// 200
	// 401
	// 401
}

// An issuer on the developer's own machine may speak plain http, if that is allowed by name.
func ExampleDiscover_localIssuer() {
	iss, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/realms/test"})
	if err != nil {
		log.Fatal(err)
	}
	defer iss.Close()
	issuer := iss.URL // such as http://localhost:8081/realms/test

	keys, err := jwt.Discover(issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: true})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{"https://api.example.com"}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}

	_, err = v.Verify(context.Background(), iss.Token(nil))
	fmt.Println(err)
	_, err = jwt.Discover("http://id.example.com/realms/test", &jwt.RemoteOptions{InsecureLoopbackHTTP: true})
	fmt.Println(err != nil)
	// Output:
	// <nil>
	// true
}

// An issuer of one's own network, such as a container beside the service, may speak plain http, if its host is named.
func ExampleRemoteOptions_insecureHTTPHosts() {
	iss, err := jwttest.Start(&jwttest.Options{URL: "http://keycloak:8080/realms/test"})
	if err != nil {
		log.Fatal(err)
	}
	const issuer = "http://keycloak:8080/realms/test"
	options := &jwt.RemoteOptions{InsecureHTTPHosts: []string{"keycloak"}}
	options.Client = iss.Client() // there is no such host here

	keys, err := jwt.Discover(issuer, options)
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{jwttest.Audience}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	_, err = v.Verify(context.Background(), iss.Token(nil))
	fmt.Println(err)
	_, err = jwt.Discover("http://keycloak.example.com/realms/test", options)
	fmt.Println(err != nil)
	// Output:
	// <nil>
	// true
}

func ExampleParseKeySet() {
	set, err := jwt.ParseKeySet([]byte(`{"keys":[
		{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		{"kty":"RSA","use":"enc","kid":"b","n":"AQAB","e":"AQAB"}]}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Keys())
	fmt.Println(set.Skipped())
	// Output:
	// [jwt.Key(kid="a" kty=OKP alg=EdDSA)]
	// [{b RSA  use is "enc", not sig: it is not for signatures}]
}

func ExampleParseKey() {
	key, err := jwt.ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Algorithm(), key.Thumbprint())
	// Output: EdDSA kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k
}

func ExampleParsePEM() {
	keys, err := jwt.ParsePEM("2026", "", []byte(`-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`))
	fmt.Println(keys, err)
	// Output: [jwt.Key(kid="2026" kty=OKP alg=EdDSA)] <nil>
}

func ExampleHMACKey() {
	_, err := jwt.HMACKey("", jwt.HS256, []byte("too short"))
	fmt.Println(err)
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwt.HMACKey("", jwt.HS256, secret)
	fmt.Println(key, err)
	// Output:
	// jwt: HMACKey: the secret has 9 bytes, HS256 needs at least 32
	// jwt.Key(kid="" kty=oct alg=HS256) <nil>
}

func ExampleNewKeySet() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	a, err := jwt.ECDSAKey("a", &private.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	b, err := jwt.Ed25519Key("b", public)
	if err != nil {
		log.Fatal(err)
	}
	set, err := jwt.NewKeySet(a, b)
	fmt.Println(set.Keys(), err)
	// Output: [jwt.Key(kid="a" kty=EC alg=ES256) jwt.Key(kid="b" kty=OKP alg=EdDSA)] <nil>
}
