// This file tests the scripts for shells: that they hold every command and flag, that each shell reads
// its own where there is one, and that bash completes with it.

package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompletionHoldsAll(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, script, _ := ran(t, "", "completion", shell)
		if code != exitOK {
			t.Fatalf("%s: exit status %d", shell, code)
		}
		flags := 0
		for _, c := range commands() {
			if !strings.Contains(script, c.name) {
				t.Errorf("%s: no command %s", shell, c.name)
			}
			c.run(context.Background(), &call{command: c, describe: func(all *flag.FlagSet) {
				all.VisitAll(func(f *flag.Flag) {
					flags++
					want := map[string]string{"bash": "-" + f.Name, "zsh": "-" + f.Name + "[", "fish": "__fish_seen_subcommand_from " + c.name + "' -o " + f.Name + " "}[shell]
					if !strings.Contains(script, want) {
						t.Errorf("%s: %s has no flag %s", shell, c.name, f.Name)
					}
				})
			}})
		}
		if flags < 30 {
			t.Errorf("%s: %d flags", shell, flags)
		}
	}
	for _, args := range [][]string{{"completion"}, {"completion", "tcsh"}, {"completion", "bash", "zsh"}} {
		if code, stdout, stderr := ran(t, "", args...); code != exitUsage || stdout != "" || stderr == "" {
			t.Errorf("%q: exit status %d", args, code)
		}
	}
}

// script writes the script for a shell to a file, if the shell is there.
func script(t *testing.T, shell string) (path string, ok bool) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Logf("%s is not installed, so nothing of it is tested here", shell)
		return "", false
	}
	_, text, _ := ran(t, "", "completion", shell)
	path = filepath.Join(t.TempDir(), "assay."+shell)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, true
}

func TestCompletionSyntax(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if path, ok := script(t, shell); ok {
			if out, err := exec.Command(shell, "-n", path).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v\n%s", shell, err, out)
			}
		}
	}
}

// completions are the cases that every shell is asked for: a line, and what must and must not be offered.
var completions = []struct {
	line    string
	want    []string
	without []string
}{
	{"assay ", []string{"demo", "inspect", "verify", "keys", "completion", "help"}, []string{"-issuer"}},
	{"assay ver", []string{"verify"}, []string{"keys"}},
	{"assay verify -", []string{"-issuer", "-audience", "-jwks", "-json"}, []string{"-listen"}},
	{"assay verify -is", []string{"-issuer"}, []string{"-json"}},
	{"assay verify -profile ", []string{"at+jwt", "id"}, []string{"-json"}},
	{"assay verify -json -alg E", []string{"ES256", "EdDSA"}, []string{"RS256"}},
	{"assay keys -", []string{"-issuer", "-jwks"}, []string{"-audience"}},
	{"assay completion ", []string{"bash", "zsh", "fish"}, nil},
	{"assay help ", []string{"verify", "demo"}, nil},
	{"assay inspect toke", []string{"token.txt"}, nil},
	{"assay verify -key toke", []string{"token.txt"}, nil},
}

func offered(t *testing.T, shell string, ask func(line string) (string, error)) {
	t.Helper()
	for _, c := range completions {
		out, err := ask(c.line)
		if err != nil {
			t.Errorf("%s: %q: %v\n%s", shell, c.line, err, out)
			continue
		}
		words := map[string]bool{}
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t") // fish adds a description
			words[word] = true
		}
		for _, want := range c.want {
			if !words[want] {
				t.Errorf("%s: %q does not offer %s: %q", shell, c.line, want, out)
			}
		}
		for _, not := range c.without {
			if words[not] {
				t.Errorf("%s: %q offers %s", shell, c.line, not)
			}
		}
	}
}

func folderWithToken(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCompletionInBash(t *testing.T) {
	path, ok := script(t, "bash")
	if !ok {
		return
	}
	dir := folderWithToken(t)
	offered(t, "bash", func(line string) (string, error) {
		cmd := exec.Command("bash", "--norc", "-c", `. "$1"; IFS=' ' read -ra COMP_WORDS <<<"$2"; case "$2" in *' ') COMP_WORDS+=('') ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); complete -p assay >/dev/null || exit 1; _assay; printf '%s\n' "${COMPREPLY[@]}"`, "bash", path, line)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	})
}

func TestCompletionInFish(t *testing.T) {
	path, ok := script(t, "fish")
	if !ok {
		return
	}
	dir, home := folderWithToken(t), t.TempDir()
	offered(t, "fish", func(line string) (string, error) {
		cmd := exec.Command("fish", "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, path, line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home)
		out, err := cmd.CombinedOutput()
		return string(out), err
	})
}

// zsh completes in its line editor alone, so here its functions are replaced by ones that print.
func TestCompletionInZsh(t *testing.T) {
	path, ok := script(t, "zsh")
	if !ok {
		return
	}
	ask := func(words string) string {
		out, err := exec.Command("zsh", "-f", "-c", `compdef() { : }; . "$1"
_describe() { print -l -- ${(P)2} }; _arguments() { print -l -- "$@" }
words=(${=2}); [[ $2 == *' ' ]] && words+=(''); CURRENT=${#words}; _assay`, "zsh", path, words).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if got := ask("assay "); !strings.Contains(got, "verify:say whether") || !strings.Contains(got, "help:") {
		t.Errorf("commands: %s", got)
	}
	got := ask("assay verify -")
	for _, want := range []string{"-profile[", ":kind:(at+jwt id)", "*-audience[", "-key[", ":file:_files", "-redact[", "*:file:_files"} {
		if !strings.Contains(got, want) {
			t.Errorf("verify has no %s:\n%s", want, got)
		}
	}
	if got := ask("assay completion "); !strings.Contains(got, "1:word:(bash zsh fish)") {
		t.Errorf("completion: %s", got)
	}
}
