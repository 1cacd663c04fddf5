// Command grpc serves a gRPC service whose methods, unary and streaming, are guarded from one policy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"assay.example/jwt"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// guard:

// policy says what each method asks for, under its full name: /package.Service/Method. A method that it does
// not name is refused, so a zero policy refuses all.
type policy struct {
	// open methods are served to everybody: no token is needed, and none is read. It is a field of its own so
	// that a list of requirements that is empty, or was forgotten, opens nothing.
	open []string
	// guarded methods need a valid token that meets all of these requirements. With none, any valid token will
	// do. A method that is open too is guarded.
	guarded map[string][]jwt.Requirement
}

// guard decides for unary and streaming methods alike.
type guard struct {
	api *jwt.Resource
	policy
}

// newGuard panics if a requirement is a mistake, such as Scope(), which no token could meet.
func newGuard(api *jwt.Resource, p policy) *guard {
	for _, reqs := range p.guarded {
		api.Require(reqs...)
	}
	return &guard{api, p}
}

// options are both interceptors: a server that has only one serves the other kind of method unguarded.
func (g *guard) options() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(g.unary), grpc.ChainStreamInterceptor(g.stream)}
}

// check returns an error unless the policy names each method of the server once, and no other. Without it a
// mistyped name would be found by the first caller who is refused.
func (g *guard) check(server *grpc.Server) error {
	named := map[string]int{}
	for _, method := range slices.AppendSeq(slices.Clone(g.open), maps.Keys(g.guarded)) {
		named[method]++
	}
	var wrong []error
	for service, info := range server.GetServiceInfo() {
		for _, m := range info.Methods {
			method := "/" + service + "/" + m.Name
			if named[method] != 1 {
				wrong = append(wrong, fmt.Errorf("the policy names %s %d times, want once", method, named[method]))
			}
			delete(named, method)
		}
	}
	for method := range named {
		wrong = append(wrong, fmt.Errorf("the policy names %s, which the server does not have", method))
	}
	return errors.Join(wrong...)
}

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, err := g.authorize(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return next(ctx, req)
}

// stream ends a stream when its token expires: a stream lives as long as its client wants, and its token was
// verified only when it began.
func (g *guard) stream(service any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx, err := g.authorize(ss.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	if token, ok := jwt.FromContext(ctx); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, token.ExpiresAt(), jwt.ErrExpired)
		defer cancel()
	}
	err = next(service, &endingStream{ss, ctx})
	if context.Cause(ctx) == jwt.ErrExpired {
		return g.refuse(ctx, info.FullMethod, jwt.ErrExpired) // whatever the handler made of it
	}
	return err
}

// authorize returns the context for the handler of a method, with its verified token unless the method is open.
func (g *guard) authorize(ctx context.Context, method string) (context.Context, error) {
	reqs, guarded := g.guarded[method]
	switch {
	case !guarded && slices.Contains(g.open, method):
		return ctx, nil
	case !guarded:
		// Unauthenticated would make clients fetch new tokens, and none of them would do. Unimplemented would hide
		// from the operator that the policy is incomplete.
		slog.WarnContext(ctx, "refused: the policy does not name the method", "method", method)
		return nil, status.Error(codes.PermissionDenied, "The service does not allow this method.")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	// Check reads credentials as RFC 6750 says, and refuses two. It sees nothing of the call but this.
	r := (&http.Request{Header: http.Header{"Authorization": md.Get("authorization")}}).WithContext(ctx)
	token, err := g.api.Check(r, reqs...)
	if err != nil {
		return nil, g.refuse(ctx, method, err)
	}
	return jwt.NewContext(ctx, token), nil
}

// refuse returns the status that the client gets. It says no more than the Refusal: the log has the reason.
func (g *guard) refuse(ctx context.Context, method string, err error) error {
	slog.WarnContext(ctx, "refused", "method", method, "jwt", err)
	refusal := g.api.Refusal(err)
	grpc.SetTrailer(ctx, metadata.MD{"www-authenticate": refusal.Header["Www-Authenticate"]})
	switch refusal.Status {
	case http.StatusForbidden:
		return status.Error(codes.PermissionDenied, refusal.Description)
	case http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(refusal.Header.Get("Retry-After"))
		s := status.New(codes.Unavailable, refusal.Description)
		if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Duration(seconds) * time.Second)}); err == nil {
			s = detailed
		}
		return s.Err()
	}
	return status.Error(codes.Unauthenticated, refusal.Description)
}

// endingStream is a stream that sends and receives no message after its context has ended.
type endingStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *endingStream) Context() context.Context { return s.ctx }

func (s *endingStream) SendMsg(m any) error {
	if s.ctx.Err() != nil {
		return status.FromContextError(s.ctx.Err()).Err()
	}
	return s.ServerStream.SendMsg(m)
}

// RecvMsg waits in a goroutine, because a stream knows nothing of deadlines that the server adds. The goroutine
// ends with the next message, or with the stream, which ends when its handler returns.
func (s *endingStream) RecvMsg(m any) error {
	received := make(chan error, 1)
	if s.ctx.Err() == nil {
		go func() { received <- s.ServerStream.RecvMsg(m) }()
	}
	select {
	case err := <-received:
		return err
	case <-s.ctx.Done():
		return status.FromContextError(s.ctx.Err()).Err()
	}
}

// end of guard

// benchmark is the service of this example: its messages come with grpc.
type benchmark struct {
	pb.UnimplementedBenchmarkServiceServer
}

// UnaryCall says who called.
func (benchmark) UnaryCall(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return greeting(ctx), nil
}

// StreamingCall answers each message.
func (benchmark) StreamingCall(s grpc.BidiStreamingServer[pb.SimpleRequest, pb.SimpleResponse]) error {
	for {
		if _, err := s.Recv(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.Send(greeting(s.Context())); err != nil {
			return err
		}
	}
}

// StreamingFromServer answers once and stays open.
func (benchmark) StreamingFromServer(_ *pb.SimpleRequest, s grpc.ServerStreamingServer[pb.SimpleResponse]) error {
	if err := s.Send(greeting(s.Context())); err != nil {
		return err
	}
	<-s.Context().Done()
	return nil
}

func greeting(ctx context.Context) *pb.SimpleResponse {
	token, _ := jwt.FromContext(ctx)
	return &pb.SimpleResponse{Username: token.Subject()}
}

// methods is the policy of this service.
var methods = policy{
	open: []string{healthpb.Health_Check_FullMethodName},
	guarded: map[string][]jwt.Requirement{
		healthpb.Health_List_FullMethodName:                    {jwt.Scope("health")},
		healthpb.Health_Watch_FullMethodName:                   {jwt.Scope("health")},
		pb.BenchmarkService_UnaryCall_FullMethodName:           {jwt.Scope("read")},
		pb.BenchmarkService_StreamingCall_FullMethodName:       {jwt.Scope("read"), jwt.Claim("roles").Has("streamer")},
		pb.BenchmarkService_StreamingFromServer_FullMethodName: {}, // any valid token
		pb.BenchmarkService_StreamingFromClient_FullMethodName: {jwt.Scope("write")},
		pb.BenchmarkService_StreamingBothWays_FullMethodName:   {jwt.Scope("read", "write")},
	},
}

func newServer(v *jwt.Verifier) (*grpc.Server, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		return nil, err
	}
	g := newGuard(api, methods)
	server := grpc.NewServer(g.options()...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	pb.RegisterBenchmarkServiceServer(server, benchmark{})
	return server, g.check(server)
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
	server, err := newServer(v)
	if err != nil {
		log.Fatal(err)
	}
	// Whoever reads a token can use it: beyond loopback, add grpc.Creds with a certificate.
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}
