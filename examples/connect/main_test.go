package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// What clients may learn: one sentence for each kind of refusal.
const (
	missing     = "A bearer access token is required."
	invalid     = "The access token is not valid for this service."
	tooLittle   = "The access token does not allow this request."
	malformed   = "The request must carry exactly one well-formed bearer credential."
	unavailable = "The service cannot verify tokens right now."
)

// protocols are those that connect speaks.
var protocols = map[string][]connect.ClientOption{
	"connect":     nil,
	"connect GET": {connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects)},
	"grpc":        {connect.WithGRPC()},
	"grpc-web":    {connect.WithGRPCWeb()},
}

func verifier(t *testing.T) (*jwttest.Issuer, *jwt.Verifier) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	return issuer, v
}

func start(t *testing.T) (*jwttest.Issuer, *httptest.Server) {
	t.Helper()
	issuer, v := verifier(t)
	handler, err := newHandler(v)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return issuer, server
}

// outcome is what a client sees of a call.
type outcome struct {
	code    connect.Code // 0 for none
	message string
	subject string
}

func answered(err error, response *pb.SimpleResponse) outcome {
	if err == nil {
		return outcome{0, "", response.GetUsername()}
	}
	message := err.Error()
	if e, ok := errors.AsType[*connect.Error](err); ok {
		message = e.Message()
	}
	return outcome{connect.CodeOf(err), message, response.GetUsername()}
}

func unaryCall(t *testing.T, client connect.HTTPClient, url string, options []connect.ClientOption, authorization ...string) (outcome, error) {
	t.Helper()
	request := connect.NewRequest(&pb.SimpleRequest{})
	request.Header()["Authorization"] = authorization
	response, err := connect.NewClient[pb.SimpleRequest, pb.SimpleResponse](client, url+pb.BenchmarkService_UnaryCall_FullMethodName, options...).CallUnary(t.Context(), request)
	if err != nil {
		return answered(err, nil), err
	}
	return answered(nil, response.Msg), nil
}

// serverStream calls StreamingFromServer and reads until the first message or the end.
func serverStream(t *testing.T, client connect.HTTPClient, url string, options []connect.ClientOption, authorization ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request := connect.NewRequest(&pb.SimpleRequest{})
	request.Header()["Authorization"] = authorization
	s, err := connect.NewClient[pb.SimpleRequest, pb.SimpleResponse](client, url+pb.BenchmarkService_StreamingFromServer_FullMethodName, options...).CallServerStream(ctx, request)
	if err != nil {
		return answered(err, nil)
	}
	if s.Receive() {
		return answered(nil, s.Msg())
	}
	return answered(s.Err(), nil)
}

// Clients of every protocol see the same codes, for unary and for streaming procedures. Those of Connect see the
// message too, of unary procedures.
func TestGuard(t *testing.T) {
	issuer, server := start(t)
	good := issuer.Token(jwttest.Claims{"scope": "read"})
	for name, c := range map[string]struct {
		authorization []string
		status        string
		want          outcome
	}{
		"no token":          {nil, "401 Unauthorized", outcome{connect.CodeUnauthenticated, missing, ""}},
		"changed token":     {[]string{"Bearer " + good[:len(good)-8] + "AAAAAAAA"}, "401 Unauthorized", outcome{connect.CodeUnauthenticated, invalid, ""}},
		"expired":           {[]string{"Bearer " + issuer.Token(jwttest.Claims{"exp": 1})}, "401 Unauthorized", outcome{connect.CodeUnauthenticated, invalid, ""}},
		"without the scope": {[]string{"Bearer " + issuer.Token(nil)}, "403 Forbidden", outcome{connect.CodePermissionDenied, tooLittle, ""}},
		"good":              {[]string{"Bearer " + good}, "", outcome{0, "", "test-subject"}},
	} {
		for protocol, options := range protocols {
			t.Run(name+"/"+protocol, func(t *testing.T) {
				want := c.want
				if strings.HasPrefix(protocol, "grpc") && c.status != "" {
					want.message = "HTTP status " + c.status
				}
				got, err := unaryCall(t, server.Client(), server.URL, options, c.authorization...)
				if got != want {
					t.Errorf("unary:\n got %+v\nwant %+v", got, want)
				}
				if e, ok := errors.AsType[*connect.Error](err); ok && strings.HasPrefix(protocol, "connect") && !strings.HasPrefix(e.Meta().Get("WWW-Authenticate"), "Bearer ") {
					t.Errorf("no challenge: %v", e.Meta())
				}
				if c.want.code == connect.CodePermissionDenied {
					return // any valid token will do for the stream
				}
				if got := serverStream(t, server.Client(), server.URL, options, c.authorization...); got.code != want.code || got.subject != want.subject {
					t.Errorf("stream:\n got %+v\nwant %+v", got, want)
				}
			})
		}
	}
}

// A credential that is not well-formed has status 400, which clients of gRPC take for the service's fault. Clients of
// Connect read the code in the body.
func TestMalformedCredential(t *testing.T) {
	issuer, server := start(t)
	good := "Bearer " + issuer.Token(jwttest.Claims{"scope": "read"})
	for protocol, options := range protocols {
		want := outcome{connect.CodeUnauthenticated, malformed, ""}
		if strings.HasPrefix(protocol, "grpc") {
			want = outcome{connect.CodeInternal, "HTTP status 400 Bad Request", ""}
		}
		if got, _ := unaryCall(t, server.Client(), server.URL, options, good, good); got != want {
			t.Errorf("%s: %+v", protocol, got)
		}
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, server := start(t)
	issuer.SetDown(true)
	good := "Bearer " + issuer.Token(jwttest.Claims{"scope": "read"})
	for protocol, options := range protocols {
		want := outcome{connect.CodeUnavailable, unavailable, ""}
		if strings.HasPrefix(protocol, "grpc") {
			want.message = "HTTP status 503 Service Unavailable"
		}
		if got, _ := unaryCall(t, server.Client(), server.URL, options, good); got != want {
			t.Errorf("unary, %s: %+v", protocol, got)
		}
		if got := serverStream(t, server.Client(), server.URL, options, good); got.code != connect.CodeUnavailable {
			t.Errorf("stream, %s: %+v", protocol, got)
		}
	}
}

// The clients of google.golang.org/grpc map the statuses in the same way.
func TestClientOfGRPC(t *testing.T) {
	issuer, server := start(t)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client, err := grpc.NewClient(strings.TrimPrefix(server.URL, "https://"), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots})))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	call := func(token string) connect.Code {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
		_, err := pb.NewBenchmarkServiceClient(client).UnaryCall(ctx, &pb.SimpleRequest{})
		return connect.Code(status.Code(err)) // the same numbers
	}
	issuer.SetDown(true)
	if code := call(issuer.Token(nil)); code != connect.CodeUnavailable {
		t.Error("keys unavailable:", code)
	}
	if code := call("x"); code != connect.CodeUnauthenticated {
		t.Error("bad token:", code)
	}
	issuer, server = start(t) // with keys
	roots.AddCert(server.Certificate())
	client, err = grpc.NewClient(strings.TrimPrefix(server.URL, "https://"), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots})))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if code := call(issuer.Token(nil)); code != connect.CodePermissionDenied {
		t.Error("without the scope:", code)
	}
	if code := call(issuer.Token(jwttest.Claims{"scope": "read"})); code != 0 {
		t.Error("good token:", code)
	}
}

// An open procedure is served with no token and with a bad one: probes send none, and no token is read.
func TestOpenProcedure(t *testing.T) {
	_, server := start(t)
	for protocol, options := range protocols {
		client := connect.NewClient[healthpb.HealthCheckRequest, healthpb.HealthCheckResponse](server.Client(), server.URL+healthpb.Health_Check_FullMethodName,
			slices.Concat(options, []connect.ClientOption{connect.WithIdempotency(connect.IdempotencyUnknown)})...)
		for _, authorization := range [][]string{nil, {"Bearer x"}} {
			request := connect.NewRequest(&healthpb.HealthCheckRequest{})
			request.Header()["Authorization"] = authorization
			if _, err := client.CallUnary(t.Context(), request); err != nil {
				t.Error(protocol, authorization, err)
			}
		}
	}
}

func guarded(t *testing.T, v *jwt.Verifier, p policy, services http.Handler) *httptest.Server {
	t.Helper()
	api, err := newResource(v)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(p.guard(api, services))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// A procedure that the policy does not name serves nobody, whatever the token, and neither does a policy that was
// forgotten, nor one that names the procedure in another way.
func TestProcedureNotNamed(t *testing.T) {
	issuer, v := verifier(t)
	for name, p := range map[string]policy{
		"zero":          {},
		"service":       {open: []string{"/grpc.testing.BenchmarkService/", "/grpc.testing.BenchmarkService", "/", ""}},
		"pattern":       {open: []string{"POST /grpc.testing.BenchmarkService/UnaryCall", "/grpc.testing.BenchmarkService/{method}"}},
		"another case":  {open: []string{"/grpc.testing.benchmarkservice/unarycall"}},
		"without slash": {guarded: map[string][]jwt.Requirement{"grpc.testing.BenchmarkService/UnaryCall": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			server := guarded(t, v, p, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a handler was reached") }))
			for protocol, options := range protocols {
				if got, _ := unaryCall(t, server.Client(), server.URL, options, "Bearer "+issuer.Token(nil)); got.code != connect.CodePermissionDenied {
					t.Errorf("%s: %+v", protocol, got)
				}
			}
		})
	}
}

// No spelling of a path reaches a guarded procedure around its guard.
func TestPathSpellings(t *testing.T) {
	_, v := verifier(t)
	handler, err := newHandler(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/grpc.testing.BenchmarkService/UnaryCall", "//grpc.testing.BenchmarkService/UnaryCall", "/grpc.testing.BenchmarkService/UnaryCall/",
		"/grpc.testing.BenchmarkService/Unary%43all", "/grpc.testing.BenchmarkService%2FUnaryCall", "/grpc.health.v1.Health/Check/../../grpc.testing.BenchmarkService/UnaryCall",
		"/grpc.health.v1.Health/Check/..%2f..%2fgrpc.testing.BenchmarkService/UnaryCall", "/grpc.testing.BenchmarkService/./UnaryCall", "/GRPC.testing.BenchmarkService/UnaryCall"} {
		r := httptest.NewRequest("POST", path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusForbidden {
			t.Error(path, w.Code, w.Body)
		}
	}
}

// No list of requirements opens a procedure: empty and nil ask for a token, and a procedure that is open too is guarded.
func TestEmptyListAsksForToken(t *testing.T) {
	issuer, v := verifier(t)
	for name, reqs := range map[string][]jwt.Requirement{"nil": nil, "empty": {}} {
		procedure := pb.BenchmarkService_UnaryCall_FullMethodName
		server := guarded(t, v, policy{open: []string{procedure}, guarded: map[string][]jwt.Requirement{procedure: reqs}}, services())
		if got, _ := unaryCall(t, server.Client(), server.URL, nil); got.code != connect.CodeUnauthenticated {
			t.Errorf("%s, without token: %+v", name, got)
		}
		if got, _ := unaryCall(t, server.Client(), server.URL, nil, "Bearer "+issuer.Token(nil)); got.code != 0 {
			t.Errorf("%s, with a token: %+v", name, got)
		}
	}
}

func TestCheck(t *testing.T) {
	benchmark := pb.File_grpc_testing_benchmark_service_proto.Services().ByName("BenchmarkService")
	healthService := healthpb.File_grpc_health_v1_health_proto.Services().ByName("Health")
	for name, c := range map[string]struct {
		change func(*policy)
		want   string // the error's text; empty for none
	}{
		"whole":     {func(*policy) {}, ""},
		"mistyped":  {func(p *policy) { p.guarded["/grpc.testing.BenchmarkService/Unarycall"] = nil }, "the policy names /grpc.testing.BenchmarkService/Unarycall, which no service has"},
		"open typo": {func(p *policy) { p.open = append(p.open, "/grpc.health.v1.Health/Checks") }, "the policy names /grpc.health.v1.Health/Checks, which no service has"},
		"missing":   {func(p *policy) { p.open = nil }, "the policy names /grpc.health.v1.Health/Check 0 times, want once"},
		"both":      {func(p *policy) { p.guarded[healthpb.Health_Check_FullMethodName] = nil }, "the policy names /grpc.health.v1.Health/Check 2 times, want once"},
	} {
		p := policy{slices.Clone(methods.open), maps.Clone(methods.guarded)}
		c.change(&p)
		got := ""
		if err := p.check(benchmark, healthService); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A stream ends at the moment of its token's exp if its handler waits for the context, and with its next message if it
// waits for one. Its client learns that it needs another token.
func TestStreamEndsWithToken(t *testing.T) {
	issuer := jwttest.NewIssuer(t) // outside of the bubble, whose clock stands still while a listener waits
	for protocol, options := range protocols {
		if protocol == "connect GET" {
			continue // for unary procedures alone
		}
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Keys: issuer.Key(jwt.RS256)})
				if err != nil {
					t.Fatal(err)
				}
				handler, err := newHandler(v)
				if err != nil {
					t.Fatal(err)
				}
				client, stop := serveInMemory(t, handler)
				defer stop()
				exp := time.Now().Add(time.Minute)
				authorization := "Bearer " + issuer.Token(jwttest.Claims{"exp": exp.Unix(), "scope": "read"})
				expired := outcome{connect.CodeUnauthenticated, invalid, ""}

				request := connect.NewRequest(&pb.SimpleRequest{})
				request.Header().Set("Authorization", authorization)
				s, err := connect.NewClient[pb.SimpleRequest, pb.SimpleResponse](client, "http://memory"+pb.BenchmarkService_StreamingFromServer_FullMethodName, options...).CallServerStream(t.Context(), request)
				if err != nil || !s.Receive() {
					t.Fatal(err, s.Err())
				}
				bidi := connect.NewClient[pb.SimpleRequest, pb.SimpleResponse](client, "http://memory"+pb.BenchmarkService_StreamingCall_FullMethodName, options...).CallBidiStream(t.Context())
				bidi.RequestHeader().Set("Authorization", authorization)
				if err := bidi.Send(&pb.SimpleRequest{}); err != nil {
					t.Fatal(err)
				}
				if _, err := bidi.Receive(); err != nil {
					t.Fatal(err)
				}

				for s.Receive() {
					t.Error("another message:", s.Msg())
				}
				if got := answered(s.Err(), nil); got != expired || !time.Now().Equal(exp) {
					t.Errorf("server stream: after %v %+v", time.Until(exp), got)
				}
				if err := bidi.Send(&pb.SimpleRequest{}); err != nil {
					t.Fatal(err)
				}
				response, err := bidi.Receive()
				if got := answered(err, response); got != expired {
					t.Errorf("bidi stream: %+v", got)
				}
				bidi.CloseRequest()
				bidi.CloseResponse()
				s.Close()
			})
		})
	}
}

// countingConn is a stream on which everything arrives.
type countingConn struct {
	connect.StreamingHandlerConn
	sent int
}

func (c *countingConn) Send(any) error    { c.sent++; return nil }
func (c *countingConn) Receive(any) error { return nil }

// A handler that does not look at its context neither gets a message nor sends one after the end.
func TestNoMessageAfterEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	inner := &countingConn{}
	conn := &endingConn{inner, ctx}
	if err := errors.Join(conn.Send(nil), conn.Receive(nil)); err != nil || inner.sent != 1 {
		t.Errorf("before: %v, %d sent", err, inner.sent)
	}
	cancel()
	if conn.Send(nil) == nil || conn.Receive(nil) == nil || inner.sent != 1 {
		t.Errorf("after: %d sent", inner.sent)
	}
}

// serveInMemory serves HTTP/2 without a network; stop ends client and server.
func serveInMemory(t *testing.T, handler http.Handler) (client *http.Client, stop func()) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := &http.Server{Handler: handler, Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	transport := &http.Transport{Protocols: server.Protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.DialContext(ctx) }}
	return &http.Client{Transport: transport}, func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	}
}
