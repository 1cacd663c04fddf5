// This file starts bench.py and speaks with it.

package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

//go:embed bench.py
var script string

// pythonNames are the contestants of the script, the bare call first.
var pythonNames = []string{"cryptography", "PyJWT", "PyJWT cache_keys", "Authlib"}

// interpreters are tried in this order; the second is the one that finds Debian's packages.
var interpreters = []string{"python3", "/usr/bin/python3"}

type python struct {
	version  string            // of the language
	versions map[string]string // of the contestants
	in       io.WriteCloser
	out      *json.Decoder
	stderr   *bytes.Buffer
	cmd      *exec.Cmd
}

// startPython starts the first interpreter that has the modules which the script needs.
func startPython(interpreters []string) (*python, error) {
	var errs []error
	for _, name := range interpreters {
		p := &python{cmd: exec.Command(name, "-c", script), stderr: new(bytes.Buffer)}
		p.cmd.Stderr = p.stderr
		in, err := p.cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		out, err := p.cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		p.in, p.out = in, json.NewDecoder(out)
		if err = p.cmd.Start(); err == nil {
			var answer struct {
				Python   string
				Versions map[string]string
			}
			if err = p.ask(map[string]any{"do": "versions"}, &answer); err == nil {
				p.version, p.versions = answer.Python, answer.Versions
				return p, nil
			}
			p.close()
		}
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
	}
	return nil, errors.Join(errs...)
}

// ask sends one request and reads its answer. If the script has ended, the last line that it wrote to
// standard error is the error.
func (p *python) ask(request, answer any) error {
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	_, err = p.in.Write(append(text, '\n'))
	if err == nil {
		err = p.out.Decode(answer)
	}
	if err == nil {
		return nil
	}
	p.close()
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return errors.New(last)
	}
	return err
}

// close ends the script, which reads to the end of its input.
func (p *python) close() {
	p.in.Close()
	p.cmd.Wait()
}

// setup returns the verifier of a contestant, and what measures it.
func (p *python) setup(name string, party *party, each time.Duration) (verifier, func() (measurement, error), error) {
	var ready struct{ Unsupported bool }
	err := p.ask(map[string]any{"do": "setup", "name": name, "party": map[string]any{
		"alg": party.algorithm, "iss": issuer, "aud": audience, "leeway": leeway.Seconds(),
		"jwks": json.RawMessage(party.jwks), "url": party.url, "token": party.token,
	}}, &ready)
	if err == nil && ready.Unsupported {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return nil, nil, err
	}
	request := func(do, token string) map[string]any {
		return map[string]any{"do": do, "name": name, "alg": party.algorithm, "token": token, "seconds": each.Seconds()}
	}
	verify := func(token string) (Claims, error) {
		var answer struct {
			Claims Claims
			Error  string
		}
		if err := p.ask(request("verify", token), &answer); err != nil {
			return Claims{}, err
		}
		if answer.Error != "" {
			return Claims{}, errors.New(answer.Error)
		}
		return answer.Claims, nil
	}
	turn := func() (measurement, error) {
		var answer struct{ N, NS float64 }
		err := p.ask(request("turn", party.token), &answer)
		return measurement{ns: answer.NS / answer.N}, err
	}
	return verify, turn, nil
}
