// Command connect serves a service to clients of Connect, gRPC and gRPC-Web, guarded by net/http middleware.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"assay.example/jwt"
	"connectrpc.com/connect"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// guard:

// policy says what each procedure asks for, under its full name: /package.Service/Method. A procedure that it
// does not name is refused, so a zero policy refuses all.
type policy struct {
	// open procedures are served to everybody: no token is needed, and none is read. It is a field of its own so
	// that a list of requirements that is empty, or was forgotten, opens nothing.
	open []string
	// guarded procedures need a valid token that meets all of these requirements. With none, any valid token will
	// do. A procedure that is open too is guarded.
	guarded map[string][]jwt.Requirement
}

// guard serves the procedures that the policy names. The refusals of plain HTTP are right for clients of all three
// protocols: 401 is Unauthenticated for them, 403 is PermissionDenied, and 503 is Unavailable.
func (p policy) guard(api *jwt.Resource, services http.Handler) http.Handler {
	handlers := map[string]http.Handler{}
	for _, procedure := range p.open {
		handlers[procedure] = services
	}
	for procedure, reqs := range p.guarded {
		handlers[procedure] = api.Require(reqs...)(services)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, named := handlers[r.URL.Path] // whatever the method: some procedures can be called with GET
		if !named {
			// Unauthenticated would make clients fetch new tokens, and none of them would do. Unimplemented would hide
			// from the operator that the policy is incomplete.
			slog.WarnContext(r.Context(), "refused: the policy does not name the procedure", "procedure", r.URL.Path)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// check returns an error unless the policy names each procedure of the services once, and no other. Without it a
// mistyped name would be found by the first caller who is refused.
func (p policy) check(services ...protoreflect.ServiceDescriptor) error {
	named := map[string]int{}
	for _, procedure := range slices.AppendSeq(slices.Clone(p.open), maps.Keys(p.guarded)) {
		named[procedure]++
	}
	var wrong []error
	for _, service := range services {
		for i := range service.Methods().Len() {
			procedure := "/" + string(service.FullName()) + "/" + string(service.Methods().Get(i).Name())
			if named[procedure] != 1 {
				wrong = append(wrong, fmt.Errorf("the policy names %s %d times, want once", procedure, named[procedure]))
			}
			delete(named, procedure)
		}
	}
	for procedure := range named {
		wrong = append(wrong, fmt.Errorf("the policy names %s, which no service has", procedure))
	}
	return errors.Join(wrong...)
}

// connectBody is the body of a refusal in Connect's form, so that its clients get a message. Those of gRPC and gRPC-Web
// read the status alone.
func connectBody(_ *http.Request, refusal jwt.Refusal) (contentType string, body []byte) {
	code := connect.CodeUnauthenticated
	switch refusal.Status {
	case http.StatusForbidden:
		code = connect.CodePermissionDenied
	case http.StatusServiceUnavailable:
		code = connect.CodeUnavailable
	}
	body, err := json.Marshal(map[string]string{"code": code.String(), "message": refusal.Description})
	if err != nil {
		panic(err) // the Resource reports it and sends its own body
	}
	return "application/json", body
}

func newResource(v *jwt.Verifier) (*jwt.Resource, error) {
	return jwt.NewResource(v, jwt.ResourceConfig{
		Answer: connectBody,
		OnRefusal: func(r *http.Request, e *jwt.Error) {
			slog.WarnContext(r.Context(), "refused", "procedure", r.URL.Path, "jwt", e)
		},
	})
}

// untilExpiry is a connect.Interceptor that ends a stream when its token expires: a stream lives as long as its
// client wants, and its token was verified only when it began.
type untilExpiry struct{ api *jwt.Resource }

func (untilExpiry) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (untilExpiry) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (u untilExpiry) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		token, ok := jwt.FromContext(ctx)
		if !ok {
			return next(ctx, conn) // an open procedure
		}
		ctx, cancel := context.WithDeadlineCause(ctx, token.ExpiresAt(), jwt.ErrExpired)
		defer cancel()
		err := next(ctx, &endingConn{conn, ctx})
		if context.Cause(ctx) != jwt.ErrExpired {
			return err
		}
		// Whatever the handler made of it. There is no challenge: net/http sends none in a trailer.
		return connect.NewError(connect.CodeUnauthenticated, errors.New(u.api.Refusal(jwt.ErrExpired).Description))
	}
}

// endingConn is a stream that hands on no message after its context has ended. A handler that waits for a message
// then waits on until its client sends one or goes.
type endingConn struct {
	connect.StreamingHandlerConn
	ctx context.Context
}

func (c *endingConn) Send(m any) error {
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return c.StreamingHandlerConn.Send(m)
}

func (c *endingConn) Receive(m any) error {
	err := c.StreamingHandlerConn.Receive(m)
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return err
}

// end of guard

// methods is the policy of this service.
var methods = policy{
	open: []string{healthpb.Health_Check_FullMethodName},
	guarded: map[string][]jwt.Requirement{
		healthpb.Health_List_FullMethodName:                    {jwt.Scope("health")},
		healthpb.Health_Watch_FullMethodName:                   {jwt.Scope("health")},
		pb.BenchmarkService_UnaryCall_FullMethodName:           {jwt.Scope("read")},
		pb.BenchmarkService_StreamingCall_FullMethodName:       {jwt.Scope("read")},
		pb.BenchmarkService_StreamingFromServer_FullMethodName: {}, // any valid token
		pb.BenchmarkService_StreamingFromClient_FullMethodName: {jwt.Scope("write")},
		pb.BenchmarkService_StreamingBothWays_FullMethodName:   {jwt.Scope("read", "write")},
	},
}

// services stands for the handlers that protoc-gen-connect-go generates: its messages come with grpc.
func services(options ...connect.HandlerOption) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(healthpb.Health_Check_FullMethodName, connect.NewUnaryHandler(healthpb.Health_Check_FullMethodName,
		func(context.Context, *connect.Request[healthpb.HealthCheckRequest]) (*connect.Response[healthpb.HealthCheckResponse], error) {
			return connect.NewResponse(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}), nil
		}, options...))
	mux.Handle(pb.BenchmarkService_UnaryCall_FullMethodName, connect.NewUnaryHandler(pb.BenchmarkService_UnaryCall_FullMethodName,
		func(ctx context.Context, _ *connect.Request[pb.SimpleRequest]) (*connect.Response[pb.SimpleResponse], error) {
			return connect.NewResponse(greeting(ctx)), nil
		}, append(options, connect.WithIdempotency(connect.IdempotencyNoSideEffects))...))
	mux.Handle(pb.BenchmarkService_StreamingFromServer_FullMethodName, connect.NewServerStreamHandler(pb.BenchmarkService_StreamingFromServer_FullMethodName,
		func(ctx context.Context, _ *connect.Request[pb.SimpleRequest], s *connect.ServerStream[pb.SimpleResponse]) error {
			if err := s.Send(greeting(ctx)); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}, options...))
	mux.Handle(pb.BenchmarkService_StreamingCall_FullMethodName, connect.NewBidiStreamHandler(pb.BenchmarkService_StreamingCall_FullMethodName,
		func(ctx context.Context, s *connect.BidiStream[pb.SimpleRequest, pb.SimpleResponse]) error {
			for {
				if _, err := s.Receive(); errors.Is(err, io.EOF) {
					return nil
				} else if err != nil {
					return err
				}
				if err := s.Send(greeting(ctx)); err != nil {
					return err
				}
			}
		}, options...))
	return mux
}

func greeting(ctx context.Context) *pb.SimpleResponse {
	token, _ := jwt.FromContext(ctx)
	return &pb.SimpleResponse{Username: token.Subject()}
}

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := newResource(v)
	if err != nil {
		return nil, err
	}
	err = methods.check(pb.File_grpc_testing_benchmark_service_proto.Services().ByName("BenchmarkService"),
		healthpb.File_grpc_health_v1_health_proto.Services().ByName("Health"))
	if err != nil {
		return nil, err
	}
	return methods.guard(api, services(connect.WithInterceptors(untilExpiry{api}))), nil
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
	handler, err := newHandler(v)
	if err != nil {
		log.Fatal(err)
	}
	// Whoever reads a token can use it: beyond loopback, serve TLS. gRPC needs HTTP/2, here without TLS.
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	log.Fatal(server.ListenAndServe())
}
