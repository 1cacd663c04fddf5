// This file draws the chart: a panel for each algorithm, a bar for each contestant.

package main

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The background is left out and the colours are of middling lightness, so that they stand out from
// white and from black.
var (
	ink      = color.RGBA{0x73, 0x7d, 0x8a, 0xff}
	ourInk   = color.RGBA{0x0d, 0x94, 0x88, 0xff}
	ourBar   = color.RGBA{0x14, 0xa8, 0x9a, 0xff}
	goBar    = color.RGBA{0x8f, 0xa3, 0xbf, 0xff}
	otherBar = color.RGBA{0xc0, 0x9b, 0xc9, 0xff}
)

const (
	chartWidth = 600 * vg.Inch / 72 // in points: 800 pixels
	rowHeight  = 12.5 * vg.Inch / 72
	barHeight  = 8 * vg.Inch / 72
	headHeight = 50 * vg.Inch / 72
	footHeight = 16 * vg.Inch / 72
	columns    = 2
)

func style(size vg.Length, bold bool, c color.Color, x text.XAlignment) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = 3 // of golang.org/x/image/font: bold
	}
	return text.Style{Color: c, Font: f, XAlign: x, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
}

// chart draws, for each algorithm, what every contestant takes beyond the bare call of its language,
// as a multiple of what this module takes.
func chart(report *Report) ([]byte, error) {
	// The longest bar is that of a library in Go. Longer ones are cut, and say so.
	var limit float64 = 1
	rows := 0
	groups := ranked(report.Results)
	for _, group := range groups {
		n := 0
		for _, r := range group {
			if r.Beyond != nil {
				n++
				if r.Allocations != nil {
					limit = max(limit, r.TimesAssay)
				}
			}
		}
		rows = max(rows, n)
	}

	lines := (len(groups) + columns - 1) / columns
	height := headHeight + footHeight + vg.Length(lines)*(vg.Length(rows+1)*rowHeight+24)
	canvas := vgsvg.New(chartWidth, height)
	dc := draw.New(canvas)
	dc.FillText(style(13, true, ink, draw.XLeft), vg.Point{X: 8, Y: height - 14}, "What verifying an access token costs beyond its signature")
	dc.FillText(style(9, false, ink, draw.XLeft), vg.Point{X: 8, Y: height - 30}, "time beyond the bare signature check, as a multiple of assay's; shorter is better")
	legend := chartWidth - 8
	for _, l := range []struct {
		name string
		fill color.Color
	}{{"Python", otherBar}, {"other Go libraries", goBar}, {"assay", ourBar}} {
		s := style(9, false, ink, draw.XRight)
		dc.FillText(s, vg.Point{X: legend, Y: height - 30}, l.name)
		legend -= s.Width(l.name) + 11
		dc.FillPolygon(l.fill, rectangle(legend, height-33.5, 8, 8))
		legend -= 10
	}
	dc.FillText(style(7.5, false, ink, draw.XLeft), vg.Point{X: 8, Y: 8},
		fmt.Sprintf("%s, %s; medians of %d interleaved rounds; %s: claims by the methods of Token, not decoded into a struct; »: the bar is longer than the chart", report.Go, report.Platform, report.Rounds, token))

	panels := make([][]*plot.Plot, lines)
	for i := range panels {
		panels[i] = make([]*plot.Plot, columns)
	}
	for i, group := range groups {
		p, err := panel(group, limit, rows)
		if err != nil {
			return nil, err
		}
		panels[i/columns][i%columns] = p
	}
	tiles := draw.Tiles{Rows: lines, Cols: columns, PadX: 16, PadY: 10, PadLeft: 8, PadRight: 8, PadTop: headHeight, PadBottom: footHeight}
	for i, line := range plot.Align(panels, tiles, dc) {
		for j, c := range line {
			if p := panels[i][j]; p != nil {
				p.Draw(c)
			}
		}
	}

	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	// Few readers have the font. These have the same widths.
	return bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), nil
}

func rectangle(x, y, width, height vg.Length) []vg.Point {
	return []vg.Point{{X: x, Y: y}, {X: x + width, Y: y}, {X: x + width, Y: y + height}, {X: x, Y: y + height}}
}

// panel draws one algorithm, with room for a number of rows below the title.
func panel(group []Result, limit float64, rows int) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.HideAxes()
	title := &plotter.Labels{XYs: plotter.XYs{{X: 0, Y: 0.7}}, Labels: []string{group[0].Algorithm}, TextStyle: []text.Style{style(11, true, ink, draw.XLeft)}}
	names := &plotter.Labels{Offset: vg.Point{X: -5, Y: 0.5}}
	values := &plotter.Labels{Offset: vg.Point{X: 4, Y: 0.5}}
	for _, r := range group {
		if r.Beyond == nil {
			continue
		}
		y := -float64(len(names.Labels)) - 0.5
		c, fill, ours := ink, goBar, r.Contestant == us || r.Contestant == token
		switch {
		case ours:
			c, fill = ourInk, ourBar
		case r.Allocations == nil:
			fill = otherBar
		}
		value := fmt.Sprintf("%.1f×", r.TimesAssay)
		if r.TimesAssay > limit {
			value += " »"
		}
		bar, err := plotter.NewBarChart(plotter.Values{min(r.TimesAssay, limit)}, barHeight)
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, y, fill, 0
		p.Add(bar)
		names.XYs = append(names.XYs, plotter.XY{X: 0, Y: y})
		names.Labels = append(names.Labels, r.Contestant)
		names.TextStyle = append(names.TextStyle, style(8.5, ours, c, draw.XRight))
		values.XYs = append(values.XYs, plotter.XY{X: min(r.TimesAssay, limit), Y: y})
		values.Labels = append(values.Labels, value)
		values.TextStyle = append(values.TextStyle, style(8.5, ours, c, draw.XLeft))
	}
	p.Add(title, names, values)
	p.X.Min, p.X.Max = 0, limit
	p.Y.Min, p.Y.Max = float64(-rows), 1
	return p, nil
}
