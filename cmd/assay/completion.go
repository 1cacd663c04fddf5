// This file is the command completion: it makes scripts for shells from the commands and their
// flags.

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

// completionCommand is a function, because the command itself lists all commands.
func completionCommand() command {
	return command{
		name:     "completion",
		synopsis: "bash|zsh|fish",
		summary:  "print the script that completes commands and flags in a shell",
		about: "completion prints a script. To have it in every new shell:\n\n" +
			"  bash  assay completion bash > ~/.local/share/bash-completion/completions/assay\n" +
			"  zsh   assay completion zsh > a file _assay in a folder of $fpath\n" +
			"  fish  assay completion fish > ~/.config/fish/completions/assay.fish",
		example: "assay completion bash\nassay completion zsh\nassay completion fish",
		run:     runCompletion,
	}
}

var shells = map[string]func(io.Writer, []described){"bash": completeBash, "zsh": completeZsh, "fish": completeFish}

func runCompletion(ctx context.Context, c *call) int {
	if code, ok := c.parse(c.flags(), 1); !ok {
		return code
	}
	if len(c.rest) == 0 {
		return c.misused("which shell: bash, zsh or fish?")
	}
	shell := shells[c.rest[0]]
	if shell == nil {
		return c.misused("%q is none of bash, zsh and fish", c.rest[0])
	}
	shell(c.stdout, describeAll(ctx))
	return exitOK
}

// described is a command with its flags and possible arguments.
type described struct {
	command
	flags []describedFlag
	words []string // arguments to choose from; nil: files
}

type describedFlag struct {
	name, usage string
	value       string   // what it takes; empty: nothing
	choices     []string // values to choose from
	files       bool     // the value is a file
}

// describeAll asks every command for its flags.
func describeAll(ctx context.Context) (all []described) {
	for _, c := range commands() {
		d := described{command: c}
		c.run(ctx, &call{command: c, stdout: io.Discard, stderr: io.Discard, describe: func(flags *flag.FlagSet) {
			flags.VisitAll(func(f *flag.Flag) {
				value, usage := flag.UnquoteUsage(f)
				one := describedFlag{name: f.Name, usage: usage, value: value, files: value == "file"}
				if c, ok := f.Value.(interface{ choices() []string }); ok {
					one.choices = c.choices()
				}
				d.flags = append(d.flags, one)
			})
		}})
		d.flags = append(d.flags, describedFlag{name: "h", usage: "explain the command"})
		if c.name == "completion" {
			d.words = []string{"bash", "zsh", "fish"}
		}
		all = append(all, d)
	}
	names := make([]string, len(all))
	for n, d := range all {
		names[n] = d.name
	}
	return append(all, described{command: command{name: "help", summary: "explain a command"}, words: names})
}

func names(all []described) []string {
	var list []string
	for _, d := range all {
		list = append(list, d.name)
	}
	return list
}

// quoted returns a word in single quotes, for all three shells.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func completeBash(w io.Writer, all []described) {
	fmt.Fprintf(w, `# bash completion for assay
_assay() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words= files=
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W %s -- "$cur"))
        return
    fi
    case "$command $prev" in
`, quoted(strings.Join(names(all), " ")))
	for _, d := range all {
		for _, f := range d.flags {
			for _, dashes := range []string{"-", "--"} {
				pattern := quoted(d.name + " " + dashes + f.name)
				switch {
				case f.choices != nil:
					fmt.Fprintf(w, "    %s) words=%s ;;\n", pattern, quoted(strings.Join(f.choices, " ")))
				case f.files:
					fmt.Fprintf(w, "    %s) files=1 ;;\n", pattern)
				case f.value != "":
					fmt.Fprintf(w, "    %s) return ;;\n", pattern)
				}
			}
		}
	}
	fmt.Fprint(w, "    *)\n        case \"$command\" in\n")
	for _, d := range all {
		var list []string
		for _, f := range d.flags {
			list = append(list, "-"+f.name)
		}
		fmt.Fprintf(w, "        %s)\n            case \"$cur\" in\n            -*) words=%s ;;\n", quoted(d.name), quoted(strings.Join(list, " ")))
		if d.words != nil {
			fmt.Fprintf(w, "            *) words=%s ;;\n", quoted(strings.Join(d.words, " ")))
		} else {
			fmt.Fprint(w, "            *) files=1 ;;\n")
		}
		fmt.Fprint(w, "            esac ;;\n")
	}
	fmt.Fprint(w, `        esac ;;
    esac
    if [ -n "$files" ]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$cur"))
    else
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    fi
}
complete -F _assay assay
`)
}

func completeZsh(w io.Writer, all []described) {
	fmt.Fprint(w, "#compdef assay\n\n_assay() {\n    local -a commands\n    commands=(\n")
	for _, d := range all {
		fmt.Fprintf(w, "        %s\n", quoted(d.name+":"+d.summary))
	}
	fmt.Fprint(w, `    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
`)
	escape := strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace
	for _, d := range all {
		fmt.Fprintf(w, "    %s)\n        _arguments", d.name)
		for _, f := range d.flags {
			spec := "-" + f.name + "[" + escape(f.usage) + "]"
			switch {
			case f.choices != nil:
				spec += ":" + f.value + ":(" + strings.Join(f.choices, " ") + ")"
			case f.files:
				spec += ":" + f.value + ":_files"
			case f.value != "":
				spec += ":" + f.value + ":"
			}
			if strings.Contains(f.usage, "repeatable") {
				spec = "*" + spec
			}
			fmt.Fprintf(w, " \\\n            %s", quoted(spec))
		}
		argument := "*:file:_files"
		if d.words != nil {
			argument = "1:word:(" + strings.Join(d.words, " ") + ")"
		}
		fmt.Fprintf(w, " \\\n            %s ;;\n", quoted(argument))
	}
	fmt.Fprint(w, `    esac
}

if [ "$funcstack[1]" = _assay ]; then
    _assay "$@"
else
    compdef _assay assay
fi
`)
}

func completeFish(w io.Writer, all []described) {
	fmt.Fprint(w, "# fish completion for assay\ncomplete -c assay -e\n")
	for _, d := range all {
		if d.words != nil {
			fmt.Fprintf(w, "complete -c assay -n '__fish_seen_subcommand_from %s' -f\n", d.name)
		}
		fmt.Fprintf(w, "complete -c assay -n __fish_use_subcommand -f -a %s -d %s\n", d.name, fishQuoted(d.summary))
	}
	for _, d := range all {
		seen := "'__fish_seen_subcommand_from " + d.name + "'"
		for _, f := range d.flags {
			takes := ""
			switch {
			case f.choices != nil:
				takes = " -x -a " + fishQuoted(strings.Join(f.choices, " "))
			case f.files:
				takes = " -r -F"
			case f.value != "":
				takes = " -x"
			}
			fmt.Fprintf(w, "complete -c assay -n %s -o %s%s -d %s\n", seen, f.name, takes, fishQuoted(f.usage))
		}
		if d.words != nil {
			fmt.Fprintf(w, "complete -c assay -n %s -x -a %s\n", seen, fishQuoted(strings.Join(d.words, " ")))
		}
	}
}

func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
