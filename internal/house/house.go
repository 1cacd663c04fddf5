// Package house measures the root package against the order in which its files are read: lines by
// sitting, names that are exported, functions over a screen, and uses that climb against the order.
package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sittings are the files of the core in their reading order.
var Sittings = [][]string{
	{"errors", "text", "algorithm", "json", "jose", "jwk", "keyset", "rsa", "hmac", "ecdsa", "eddsa", "token", "claims", "policy", "tenant", "requirement", "jwt"},
	{"pem", "discovery", "status", "snapshot", "keysfile"},
	{"bearer", "metadata"},
}

// Leaves can be left out by whoever copies the package, but for doc. No other file names them.
var Leaves = []string{"doc", "trace", "decode", "cache", "dpop", "mtls", "mldsa"}

// Groups are the files by dependency: a file uses its own group and those before.
var Groups = [][]string{
	{"errors", "text", "algorithm", "json", "jose"},
	{"jwk", "keyset", "pem", "rsa", "hmac", "ecdsa", "eddsa"},
	{"discovery", "status", "snapshot", "keysfile"},
	{"token", "claims", "policy", "tenant", "requirement", "jwt"},
	{"bearer", "metadata"},
	Leaves,
}

// MaxFunction is how many lines a function may have, tables aside.
const MaxFunction = 60

// A Report is what was measured of one checkout.
type Report struct {
	Lines    map[string]int // by file, without its ending
	Exported []string       // one line for each name, sorted
	Climbs   []string       // uses against the order, as "from > to: name"
	Long     []string       // functions over MaxFunction lines
	Strange  []string       // files of no sitting and no leaf
}

// Measure reads the files of the package in dir that are not tests.
func Measure(dir string) (*Report, error) {
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	r := &Report{Lines: map[string]int{}}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base := fileOf(name)
		r.Lines[base] = strings.Count(string(text), "\n")
		if groupOf(base) < 0 {
			r.Strange = append(r.Strange, base)
		}
		if strings.Contains(string(text[:min(len(text), 400)]), "//go:build go1.27") {
			continue // not for the Go that may be running
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > MaxFunction {
					r.Long = append(r.Long, fmt.Sprintf("%s.%s (%d)", base, f.Name.Name, n))
				}
			}
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := config.Check("jwt", fset, files, info)
	if err != nil {
		return nil, err
	}
	r.exported(fset, pkg, info)
	climbs := map[string]bool{}
	for use, o := range info.Uses {
		if o.Pkg() != pkg {
			continue
		}
		from, to := fileOf(fset.Position(use.Pos()).Filename), fileOf(fset.Position(o.Pos()).Filename)
		if from != to && groupOf(to) > groupOf(from) {
			climbs[from+" > "+to+": "+o.Name()] = true
		}
	}
	r.Climbs = slices.Sorted(maps.Keys(climbs))
	return r, nil
}

func fileOf(path string) string { return strings.TrimSuffix(filepath.Base(path), ".go") }

// groupOf is the place of a file in Groups; negative if it has none.
func groupOf(file string) int {
	return slices.IndexFunc(Groups, func(group []string) bool { return slices.Contains(group, file) })
}

// exported lists every name that users see: functions, types, methods, fields, constants, variables.
func (r *Report) exported(fset *token.FileSet, pkg *types.Package, info *types.Info) {
	for _, o := range info.Defs {
		if o == nil || !o.Exported() || o.Pkg() != pkg {
			continue
		}
		line := ""
		switch o := o.(type) {
		case *types.Const:
			line = "const " + o.Name()
		case *types.TypeName:
			line = "type " + o.Name()
		case *types.Func:
			line = "func " + o.Name()
			if recv := o.Signature().Recv(); recv != nil {
				line = "method " + typeName(recv.Type()) + "." + o.Name()
			}
		case *types.Var:
			switch {
			case o.IsField():
				line = "field " + fieldOwner(pkg, o) + "." + o.Name()
			case o.Parent() == pkg.Scope():
				line = "var " + o.Name()
			}
		}
		if line != "" {
			r.Exported = append(r.Exported, line)
		}
	}
	slices.Sort(r.Exported)
}

func typeName(t types.Type) string {
	return strings.TrimPrefix(types.TypeString(t, func(*types.Package) string { return "" }), "*")
}

// fieldOwner is the type that a field is of.
func fieldOwner(pkg *types.Package, field *types.Var) string {
	for _, name := range pkg.Scope().Names() {
		if s, ok := pkg.Scope().Lookup(name).Type().Underlying().(*types.Struct); ok {
			for f := range s.Fields() {
				if f == field {
					return name
				}
			}
		}
	}
	return "(unnamed)"
}

// Sum is how many lines these files have together.
func (r *Report) Sum(files []string) (n int) {
	for _, file := range files {
		n += r.Lines[file]
	}
	return n
}

// Core is how many lines the package has without its leaves.
func (r *Report) Core() (n int) {
	for file, lines := range r.Lines {
		if !slices.Contains(Leaves, file) {
			n += lines
		}
	}
	return n
}

// String is the measure as people read it.
func (r *Report) String() string {
	var b strings.Builder
	for n, files := range append(slices.Clone(Sittings), Leaves) {
		title := fmt.Sprintf("sitting %d", n+1)
		if n == len(Sittings) {
			title = "leaves"
		}
		fmt.Fprintf(&b, "%-10s %5d lines:", title, r.Sum(files))
		for _, file := range files {
			if r.Lines[file] > 0 {
				fmt.Fprintf(&b, " %s %d", file, r.Lines[file])
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "without leaves %d lines, %d exported names, %d uses against the order, %d functions over %d lines\n",
		r.Core(), len(r.Exported), len(r.Climbs), len(r.Long), MaxFunction)
	for _, line := range slices.Concat(r.Climbs, r.Long, r.Strange) {
		b.WriteString("  " + line + "\n")
	}
	return cmp.Or(b.String(), "nothing to measure\n")
}
