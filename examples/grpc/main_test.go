package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// What clients may learn: one sentence for each kind of refusal.
const (
	missing     = "A bearer access token is required."
	malformed   = "The request must carry exactly one well-formed bearer credential."
	invalid     = "The access token is not valid for this service."
	tooLittle   = "The access token does not allow this request."
	unavailable = "The service cannot verify tokens right now."
)

func verifier(t *testing.T) (*jwttest.Issuer, *jwt.Verifier) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	return issuer, v
}

func resource(t *testing.T, v *jwt.Verifier) *jwt.Resource {
	t.Helper()
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// dial serves in memory and returns a connection; stop ends both.
func dial(t *testing.T, server *grpc.Server) (client *grpc.ClientConn, stop func()) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	client, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	return client, func() {
		client.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

func start(t *testing.T) (*jwttest.Issuer, *grpc.ClientConn) {
	t.Helper()
	issuer, v := verifier(t)
	server, err := newServer(v)
	if err != nil {
		t.Fatal(err)
	}
	client, stop := dial(t, server)
	t.Cleanup(stop)
	return issuer, client
}

func with(ctx context.Context, authorization ...string) context.Context {
	for _, value := range authorization {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
	}
	return ctx
}

// answer is what a client sees of a call.
type answer struct {
	code      codes.Code
	message   string
	challenge string
	subject   string
}

func answered(err error, trailer metadata.MD, response *pb.SimpleResponse) answer {
	return answer{status.Code(err), status.Convert(err).Message(), strings.Join(trailer.Get("www-authenticate"), " | "), response.GetUsername()}
}

func unaryCall(ctx context.Context, client *grpc.ClientConn) answer {
	var trailer metadata.MD
	response, err := pb.NewBenchmarkServiceClient(client).UnaryCall(ctx, &pb.SimpleRequest{}, grpc.Trailer(&trailer))
	return answered(err, trailer, response)
}

func streamingCall(ctx context.Context, client *grpc.ClientConn) answer {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := pb.NewBenchmarkServiceClient(client).StreamingCall(ctx)
	if err != nil {
		return answered(err, nil, nil)
	}
	s.Send(&pb.SimpleRequest{}) // whose error Recv returns
	response, err := s.Recv()
	if err != nil {
		return answered(err, s.Trailer(), nil)
	}
	return answered(err, nil, response)
}

func TestGuard(t *testing.T) {
	issuer, client := start(t)
	claims := jwttest.Claims{"scope": "read", "roles": []string{"streamer"}}
	good := issuer.Token(claims)
	mint := func(name string, value any) string {
		changed := maps.Clone(claims)
		changed[name] = value
		return "Bearer " + issuer.Token(changed)
	}
	bad := `Bearer error="invalid_token", error_description="` + invalid + `", scope="read"`
	repeated := `Bearer error="invalid_request", error_description="` + malformed + `"`
	for name, c := range map[string]struct {
		authorization []string
		want          answer
	}{
		"no token":            {nil, answer{codes.Unauthenticated, missing, `Bearer scope="read"`, ""}},
		"another scheme":      {[]string{"Basic dXNlcjpwYXNz"}, answer{codes.Unauthenticated, missing, `Bearer scope="read"`, ""}},
		"no scheme":           {[]string{good}, answer{codes.Unauthenticated, malformed, repeated, ""}},
		"two values":          {[]string{"Bearer " + good, "Bearer x"}, answer{codes.Unauthenticated, malformed, repeated, ""}},
		"the same twice":      {[]string{"Bearer " + good, "Bearer " + good}, answer{codes.Unauthenticated, malformed, repeated, ""}},
		"changed token":       {[]string{"Bearer " + good[:len(good)-8] + "AAAAAAAA"}, answer{codes.Unauthenticated, invalid, bad, ""}},
		"expired":             {[]string{mint("exp", 1)}, answer{codes.Unauthenticated, invalid, bad, ""}},
		"another API's token": {[]string{mint("aud", "https://other.example")}, answer{codes.Unauthenticated, invalid, bad, ""}},
		"bound token":         {[]string{mint("cnf", map[string]string{"jkt": "x"})}, answer{codes.Unauthenticated, invalid, bad, ""}},
		"scheme DPoP":         {[]string{"DPoP " + good}, answer{codes.Unauthenticated, invalid, bad, ""}},
		"without the scope": {[]string{mint("scope", "write")}, answer{codes.PermissionDenied, tooLittle,
			`Bearer error="insufficient_scope", error_description="` + tooLittle + `", scope="read"`, ""}},
		"good":                       {[]string{"Bearer " + good}, answer{codes.OK, "", "", "test-subject"}},
		"scheme in another spelling": {[]string{"bEARER " + good}, answer{codes.OK, "", "", "test-subject"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unaryCall(with(t.Context(), c.authorization...), client); got != c.want {
				t.Errorf("unary:\n got %+v\nwant %+v", got, c.want)
			}
			if got := streamingCall(with(t.Context(), c.authorization...), client); got != c.want {
				t.Errorf("stream:\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
	if got := streamingCall(with(t.Context(), mint("roles", nil)), client); got.code != codes.PermissionDenied {
		t.Errorf("a stream asks for all of its requirements: %+v", got)
	}
}

// The log says which rule a call with two values broke, and holds no token.
func TestTwoValuesInLog(t *testing.T) {
	issuer, client := start(t)
	var logged strings.Builder
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	good := issuer.Token(jwttest.Claims{"scope": "read"})
	if got := unaryCall(with(t.Context(), "Bearer "+good, "Bearer "+good), client); got.code != codes.Unauthenticated {
		t.Error(got)
	}
	const want = "the request has 2 Authorization headers"
	if got := logged.String(); !strings.Contains(got, want) || !strings.Contains(got, "jwt.reason=credential_repeated") || strings.Contains(got, good) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, client := start(t)
	issuer.SetDown(true)
	ctx := with(t.Context(), "Bearer "+issuer.Token(jwttest.Claims{"scope": "read"}))
	_, err := pb.NewBenchmarkServiceClient(client).UnaryCall(ctx, &pb.SimpleRequest{})
	if s := status.Convert(err); s.Code() != codes.Unavailable || s.Message() != unavailable || len(s.Details()) != 1 {
		t.Error(s, s.Details())
	} else if info, ok := s.Details()[0].(*errdetails.RetryInfo); !ok || info.GetRetryDelay().AsDuration() < time.Second {
		t.Error(info)
	}
	if got, want := streamingCall(ctx, client), (answer{codes.Unavailable, unavailable, "", ""}); got != want {
		t.Errorf("stream: %+v", got)
	}
}

// An open method is served with no token and with a bad one: probes send none, and no token is read.
func TestOpenMethod(t *testing.T) {
	issuer, client := start(t)
	for _, authorization := range [][]string{nil, {"Bearer x"}, {"Bearer " + issuer.Token(nil)}} {
		if _, err := healthpb.NewHealthClient(client).Check(with(t.Context(), authorization...), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(authorization, err)
		}
	}
	if _, err := healthpb.NewHealthClient(client).List(t.Context(), &healthpb.HealthListRequest{}); status.Code(err) != codes.Unauthenticated {
		t.Error("the other methods of the service are open too:", err)
	}
}

// reached is a service that none of these calls may get to.
type reached struct {
	pb.UnimplementedBenchmarkServiceServer
	t *testing.T
}

func (r reached) UnaryCall(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	r.t.Error("a handler was reached")
	return &pb.SimpleResponse{}, nil
}

func (r reached) StreamingCall(grpc.BidiStreamingServer[pb.SimpleRequest, pb.SimpleResponse]) error {
	r.t.Error("a handler was reached")
	return nil
}

// A method that the policy does not name serves nobody, whatever the token, and neither does a policy that was
// forgotten, nor one that names the method in another way.
func TestMethodNotNamed(t *testing.T) {
	issuer, v := verifier(t)
	for name, p := range map[string]policy{
		"zero":          {},
		"others":        {open: []string{healthpb.Health_Check_FullMethodName, ""}, guarded: map[string][]jwt.Requirement{"": nil}},
		"service":       {open: []string{"/grpc.testing.BenchmarkService/", "/grpc.testing.BenchmarkService", "/"}},
		"another case":  {open: []string{"/grpc.testing.benchmarkservice/unarycall"}},
		"without slash": {open: []string{"grpc.testing.BenchmarkService/UnaryCall", "grpc.testing.BenchmarkService/StreamingCall"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := grpc.NewServer(newGuard(resource(t, v), p).options()...)
			pb.RegisterBenchmarkServiceServer(server, reached{t: t})
			client, stop := dial(t, server)
			defer stop()
			ctx, want := with(t.Context(), "Bearer "+issuer.Token(nil)), answer{codes.PermissionDenied, "The service does not allow this method.", "", ""}
			if got := unaryCall(ctx, client); got != want {
				t.Errorf("unary: %+v", got)
			}
			if got := streamingCall(ctx, client); got != want {
				t.Errorf("stream: %+v", got)
			}
		})
	}
}

// No list of requirements opens a method: empty and nil ask for a token, and a method that is open too is guarded.
func TestEmptyListAsksForToken(t *testing.T) {
	issuer, v := verifier(t)
	for name, reqs := range map[string][]jwt.Requirement{"nil": nil, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			method := pb.BenchmarkService_UnaryCall_FullMethodName
			g := newGuard(resource(t, v), policy{open: []string{method}, guarded: map[string][]jwt.Requirement{method: reqs}})
			server := grpc.NewServer(g.options()...)
			pb.RegisterBenchmarkServiceServer(server, benchmark{})
			client, stop := dial(t, server)
			defer stop()
			if got := unaryCall(t.Context(), client); got.code != codes.Unauthenticated {
				t.Errorf("without token: %+v", got)
			}
			if got := unaryCall(with(t.Context(), "Bearer "+issuer.Token(nil)), client); got.code != codes.OK {
				t.Errorf("with a token: %+v", got)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	_, v := verifier(t)
	names := slices.Collect(maps.Keys(methods.guarded))
	for name, c := range map[string]struct {
		change func(*policy)
		want   string // the error's text; empty for none
	}{
		"whole":     {func(*policy) {}, ""},
		"mistyped":  {func(p *policy) { p.guarded["/grpc.testing.BenchmarkService/Unarycall"] = nil }, "the policy names /grpc.testing.BenchmarkService/Unarycall, which the server does not have"},
		"open typo": {func(p *policy) { p.open = append(p.open, "/grpc.health.v1.Health/Checks") }, "the policy names /grpc.health.v1.Health/Checks, which the server does not have"},
		"missing":   {func(p *policy) { p.open = nil }, "the policy names /grpc.health.v1.Health/Check 0 times, want once"},
		"both":      {func(p *policy) { p.guarded[healthpb.Health_Check_FullMethodName] = nil }, "the policy names /grpc.health.v1.Health/Check 2 times, want once"},
		"all":       {func(p *policy) { p.open = append(p.open, names...); p.guarded = nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy{slices.Clone(methods.open), maps.Clone(methods.guarded)}
			c.change(&p)
			g := newGuard(resource(t, v), p)
			server := grpc.NewServer(g.options()...)
			healthpb.RegisterHealthServer(server, health.NewServer())
			pb.RegisterBenchmarkServiceServer(server, benchmark{})
			got := ""
			if err := g.check(server); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRequirementMistaken(t *testing.T) {
	_, v := verifier(t)
	defer func() {
		if recover() == nil {
			t.Error("Scope() guards a method")
		}
	}()
	newGuard(resource(t, v), policy{guarded: map[string][]jwt.Requirement{"/x.Y/Z": {jwt.Scope()}}})
}

// stubborn sends a message after its token has expired, and takes the error for the end.
type stubborn struct {
	pb.UnimplementedBenchmarkServiceServer
}

func (stubborn) StreamingFromServer(_ *pb.SimpleRequest, s grpc.ServerStreamingServer[pb.SimpleResponse]) error {
	if err := s.Send(&pb.SimpleResponse{Username: "first"}); err != nil {
		return err
	}
	<-s.Context().Done()
	s.Send(&pb.SimpleResponse{Username: "second"})
	return nil
}

// A stream ends at the moment of its token's exp, whatever its handler waits for, and its client learns that it
// needs another token.
func TestStreamEndsWithToken(t *testing.T) {
	issuer := jwttest.NewIssuer(t) // outside of the bubble, whose clock stands still while a listener waits
	type stream interface {
		Recv() (*pb.SimpleResponse, error)
	}
	for name, c := range map[string]struct {
		service pb.BenchmarkServiceServer
		open    func(pb.BenchmarkServiceClient, context.Context) (stream, error)
	}{
		"handler waits for a message": {benchmark{}, func(client pb.BenchmarkServiceClient, ctx context.Context) (stream, error) {
			s, err := client.StreamingCall(ctx)
			if err != nil {
				return nil, err
			}
			return s, s.Send(&pb.SimpleRequest{})
		}},
		"handler waits for the context": {benchmark{}, func(client pb.BenchmarkServiceClient, ctx context.Context) (stream, error) {
			return client.StreamingFromServer(ctx, &pb.SimpleRequest{})
		}},
		"handler sends": {stubborn{}, func(client pb.BenchmarkServiceClient, ctx context.Context) (stream, error) {
			return client.StreamingFromServer(ctx, &pb.SimpleRequest{})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Keys: issuer.Key(jwt.RS256)})
				if err != nil {
					t.Fatal(err)
				}
				server := grpc.NewServer(newGuard(resource(t, v), methods).options()...)
				pb.RegisterBenchmarkServiceServer(server, c.service)
				client, stop := dial(t, server)
				defer stop()
				exp := time.Now().Add(time.Minute)
				token := issuer.Token(jwttest.Claims{"exp": exp.Unix(), "scope": "read", "roles": []string{"streamer"}})
				s, err := c.open(pb.NewBenchmarkServiceClient(client), with(t.Context(), "Bearer "+token))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
				response, err := s.Recv()
				got := answered(err, s.(grpc.ClientStream).Trailer(), response)
				want := answer{codes.Unauthenticated, invalid, `Bearer error="invalid_token", error_description="` + invalid + `"`, ""}
				if got != want || !time.Now().Equal(exp) {
					t.Errorf("after %v\n got %+v\nwant %+v", time.Until(exp), got, want)
				}
			})
		})
	}
}

// A client that goes, or that has finished, ends its stream as without a guard.
func TestStreamEndsWithClient(t *testing.T) {
	issuer, client := start(t)
	ctx := with(t.Context(), "Bearer "+issuer.Token(jwttest.Claims{"scope": "read", "roles": []string{"streamer"}}))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := pb.NewBenchmarkServiceClient(client).StreamingCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Send(&pb.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if _, err := s.Recv(); status.Code(err) != codes.Canceled {
		t.Error(err)
	}
	if s, err = pb.NewBenchmarkServiceClient(client).StreamingCall(with(t.Context(), "Bearer "+issuer.Token(jwttest.Claims{"scope": "read", "roles": []string{"streamer"}}))); err != nil {
		t.Fatal(err)
	}
	s.CloseSend()
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
