// Command echo serves an API whose routes are guarded in echo's own way.
package main

import (
	"flag"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/labstack/echo/v5"
)

// guard:

// require is api.Require as an echo.MiddlewareFunc. It panics where the route is built if a requirement is a
// mistake.
func require(api *jwt.Resource, reqs ...jwt.Requirement) echo.MiddlewareFunc {
	return echo.WrapMiddleware(api.Require(reqs...))
}

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.GET("/health", func(c *echo.Context) error { return c.String(http.StatusOK, "ok\n") })

	// The group has its guard from the start, so no route can come before it. A route may ask for more: its token
	// is still verified once.
	private := e.Group("/api", require(api))
	private.GET("/me", me)
	private.GET("/messages", me, require(api, jwt.Scope("read:messages")))
	private.GET("/rooms/:room", func(c *echo.Context) error {
		token, _ := jwt.FromContext(c.Request().Context())
		if err := token.Meets(jwt.Scope("room:" + c.Param("room"))); err != nil {
			api.Challenge(c.Response(), c.Request(), err)
			return nil // it is answered: an error would have echo answer too
		}
		return me(c)
	})
	return e, nil
}

// me reads the token from the context of the request: an echo.Context is none.
func me(c *echo.Context) error {
	token, _ := jwt.FromContext(c.Request().Context())
	return c.String(http.StatusOK, "hello, "+token.Subject()+"\n")
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
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
