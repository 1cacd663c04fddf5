#!/usr/bin/env bash
# Makes docs/page.png and docs/demo.png of the real page and of a real terminal. It needs Go, Chromium, Firefox,
# npm ci in internal/e2e/npm, and Debian's tmux, aha and pngquant.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
socket=assay-pictures-$$
trap 'tmux -L "$socket" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

# The page, as its test leaves it: the example "expired", as far as 1280 by 900 pixels show it.
(cd internal/e2e && go test . -count=1 -run '^TestFold$' -shots "$work")
cp "$work/fold.png" docs/page.png

# The demo, in a terminal of 80 columns. Its first lines are the picture: up to the attack with HS256.
columns=80 lines=42
go build -o "$work/assay" ./cmd/assay
tmux -L "$socket" -f /dev/null new-session -d -x "$columns" -y "$lines" "$work/assay demo; tmux -L $socket wait-for -S done; cat"
tmux -L "$socket" wait-for done
{
	printf '\033[1m$ go run ./cmd/assay demo\033[0m\n'
	tmux -L "$socket" capture-pane -e -p -S - | head -n "$lines"
} >"$work/demo.ansi"
cat >"$work/demo.html" <<HTML
<!doctype html><meta charset="utf-8">
<style>
  html { background: #1d1b18; }
  pre { margin: 0; padding: 16px 20px; color: #ece8df; font: 14px/20px "DejaVu Sans Mono", monospace; }
</style>
<pre>$(aha --no-header --black <"$work/demo.ansi")</pre>
HTML
browser=$(command -v chromium || command -v google-chrome)
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
	--window-size="$((columns * 17 / 2 + 40)),$(((lines + 1) * 20 + 40))" --screenshot="$PWD/docs/demo.png" "file://$work/demo.html" 2>/dev/null

# A README is read over slow lines too.
for picture in docs/page.png docs/demo.png; do
	pngquant --force --strip --nofs --output "$picture" 256 "$picture"
	size=$(wc -c <"$picture")
	printf '%s: %d bytes\n' "$picture" "$size"
	[ "$size" -lt 150000 ]
done
