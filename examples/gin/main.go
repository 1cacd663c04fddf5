// Command gin serves an API whose routes are guarded in gin's own way.
package main

import (
	"flag"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/gin-gonic/gin"
)

// guard:

// require is api.Require as a gin.HandlerFunc. It panics where the route is built if a requirement is a
// mistake.
func require(api *jwt.Resource, reqs ...jwt.Requirement) gin.HandlerFunc {
	guard := api.Require(reqs...)
	return func(c *gin.Context) {
		reached := false
		guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			reached = true
			c.Request = r // its context has the token
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !reached {
			c.Abort() // else gin runs the handlers that follow: an answer alone stops none
		}
	}
}

// end of guard

func newEngine(v *jwt.Verifier) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.GET("/health", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })

	// gin guards what is registered on a group after its Use. The group has its guard from the start, so no
	// route can come before it. A route may ask for more: its token is still verified once.
	private := engine.Group("/api", require(api))
	private.GET("/me", me)
	private.GET("/messages", require(api, jwt.Scope("read:messages")), me)
	return engine, nil
}

// me reads the token from the context of the request. The gin.Context is a context too, but it finds no
// token unless Engine.ContextWithFallback is set.
func me(c *gin.Context) {
	token, _ := jwt.FromContext(c.Request.Context())
	c.String(http.StatusOK, "hello, %s\n", token.Subject())
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
	engine, err := newEngine(v)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: engine, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
