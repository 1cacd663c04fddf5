// This file tests how a token is found in what people paste.

package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// broken breaks a text into lines of this many bytes.
func broken(text string, every int, between string) string {
	var lines []string
	for ; len(text) > every; text = text[every:] {
		lines = append(lines, text[:every])
	}
	return strings.Join(append(lines, text), between)
}

// utf16Of is what PowerShell writes into a file.
func utf16Of(text string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// What is taken off, and what is said of it. T stands for a token, U for another, O for an opaque one.
func TestTakeOff(t *testing.T) {
	token := signed(t, edHeader, edClaims)
	other := signed(t, edHeader, edited("auth0|4711", "auth0|1"))
	encrypted := "eyJhbGciOiJkaXIifQ..aaaa.bbbb.cccc"
	fill := strings.NewReplacer("TOKEN", token, "OTHER", other, "OPAQUE", "2YotnFZFEjr1zCsicMWpAA", "JWE", encrypted).Replace
	for _, c := range []struct{ text, want, off string }{
		{"TOKEN", "TOKEN", ""},
		{" \r\nTOKEN\r\n", "TOKEN", ""},
		{"JWE\n", "JWE", ""},
		{"OPAQUE\n", "OPAQUE", ""},
		{"Bearer TOKEN", "TOKEN", "the word Bearer"},
		{"bearer OPAQUE", "OPAQUE", "the word bearer"},
		{"DPoP TOKEN", "TOKEN", "the word DPoP"},
		{"Authorization: Bearer TOKEN\r\n", "TOKEN", "the name Authorization, the word Bearer"},
		{"authorization: OPAQUE", "OPAQUE", "the name Authorization"},
		{"Authorization: Bearer Bearer TOKEN", "Bearer TOKEN", "the name Authorization, the word Bearer"},
		{`Authorization: Bearer "TOKEN"`, `"TOKEN"`, "the name Authorization, the word Bearer"},
		{"Proxy-Authorization: Basic eDp5\r\nAuthorization: Bearer TOKEN\r\nAccept: */*\r\n", "TOKEN", "the name Authorization, the word Bearer"},
		{"> GET / HTTP/1.1\r\n> authorization: DPoP TOKEN\r\n> accept: */*\r\n", "TOKEN", "the name Authorization, the word DPoP"},
		{`curl https://api.example.com -H "Authorization: Bearer TOKEN" -v`, "TOKEN", "the curl command around it, the word Bearer"},
		{"curl 'https://api.example.com' \\\n  -H 'accept: */*' \\\n  -H 'authorization: Bearer TOKEN' \\\n  --compressed\n", "TOKEN", "the curl command around it, the word Bearer"},
		{"curl --oauth2-bearer TOKEN https://api.example.com", "TOKEN", "the curl command around it"},
		{"curl 'https://api.example.com/?access_token=TOKEN&x=1'", "TOKEN", "the curl command around it"},
		{"curl https://api.example.com -b 'sid=1; access_token=TOKEN'", "TOKEN", "the curl command around it"},
		{`fetch("https://api.example.com", {"headers": {"authorization": "Bearer TOKEN", "accept": "*/*"}})`, "TOKEN", "the name Authorization, the word Bearer"},
		{"Cookie: theme=dark; session=TOKEN; x=1\r\n", "TOKEN", "everything around the cookie session"},
		{"Set-Cookie: __Host-at=TOKEN; Path=/; HttpOnly", "TOKEN", "everything around the cookie __Host-at"},
		{"cookie: at=\"TOKEN\"", "TOKEN", "everything around the cookie at"},
		{`{"access_token":"TOKEN","token_type":"Bearer","expires_in":3600}`, "TOKEN", "the JSON around access_token"},
		{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\n  \"id_token\": \"OTHER\",\n  \"access_token\": \"TOKEN\"\n}\n", "TOKEN", "the JSON around access_token, the other token in it, id_token"},
		{`{"id_token":"TOKEN"}`, "TOKEN", "the JSON around id_token"},
		{`{"access_token":"a\/OPAQUE"}`, "a/OPAQUE", "the JSON around access_token"},
		{`"TOKEN"`, "TOKEN", "quotes around it"},
		{"\u201cTOKEN\u201d", "TOKEN", "quotes around it"},
		{broken(token, 76, "\n"), "TOKEN", "line breaks in it"},
		{`"` + broken(token, 60, "\\\r\n   ") + `"`, "TOKEN", "quotes around it, line breaks in it"},
		{broken(token, 100, " "), "TOKEN", "spaces in it"},
		{"Bearer " + broken(token, 76, "\n"), "TOKEN", "the word Bearer, line breaks in it"},
		{"Authorization: Bearer " + broken(token, 76, "\r\n") + "\r\nAccept: */*\r\n", "TOKEN", "the name Authorization, the word Bearer, line breaks in it"},
		{"curl -H 'Authorization: Bearer " + broken(token, 76, "\n") + "' https://api.example.com", "TOKEN", "the curl command around it, the word Bearer, line breaks in it"},
		{"> " + broken(token, 60, "\n> ") + "\n", "TOKEN", "the marks of a quoted mail, line breaks in it"},
		{">> " + broken(token, 60, "\r\n>> "), "TOKEN", "the marks of a quoted mail, line breaks in it"},
		{"export JWT=" + broken(token, 76, "\n") + "\n", "TOKEN", "the text around it"},
		{"token: TOKEN,", "TOKEN", "the text around it"},
		{"https://app.example.com/cb#access_token=TOKEN&state=x", "TOKEN", "the text around it"},
		{"TOKEN TOKEN", "TOKEN", "the text around it"},
		{"\ufeffTOKEN\r\n", "TOKEN", "a byte order mark"},
		{utf16Of(token+"\r\n", binary.LittleEndian), "TOKEN", "a byte order mark"},
		{utf16Of("Bearer "+token, binary.BigEndian), "TOKEN", "a byte order mark, the word Bearer"},
		// What is not known stays, for the report to tell.
		{"TOKEN!", "TOKEN!", ""},
		{"TOKEN.", "TOKEN.", ""},
		{"TOKEN=", "TOKEN=", ""},
		{token[:100] + "\u00e9" + token[100:], token[:100] + "\u00e9" + token[100:], ""},
		{token[:150], token[:150], ""},
		{`{"error":"hunter2!"}`, `{"error":"hunter2!"}`, ""},
		{"", "", ""},
	} {
		text, want := fill(c.text), fill(c.want)
		got, err := takeOff(text)
		if err != nil || got.token != want || strings.Join(got.off, ", ") != c.off {
			t.Errorf("%.60q: a token of %d bytes, want %d; off %q, want %q; %v", c.text, len(got.token), len(want), strings.Join(got.off, ", "), c.off, err)
		}
	}
	for text, want := range map[string]string{
		"Authorization: Bearer TOKEN\nAuthorization: Bearer TOKEN\n": "there are 2 Authorization headers",
		"TOKEN\nOTHER\n":           "there are 2 tokens",
		"TOKEN OTHER":              "there are 2 tokens",
		"Cookie: a=TOKEN; b=OTHER": "2 cookies hold a token (a, b)",
		"Cookie: a=1; b=2":         "none of the cookies",
		`{"error":"invalid_client","error_description":"hunter2"}`:                                        `the refusal of an issuer, and holds no token: its error is "invalid_client"`,
		"HTTP/1.1 400 Bad Request\r\n\r\n{\n  \"error_uri\": \"x\",\n  \"error\": \"invalid_scope\"\n}\n": `its error is "invalid_scope"`,
		`{"access_token":"TOKEN","access_token":"OTHER"}`:                                                 "several members access_token",
	} {
		if got, err := takeOff(fill(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %s; a token of %d bytes", text, err, want, len(got.token))
		}
	}
}

// What is taken off is said beside the report, and the report is about the token alone.
func TestTakenOffIsSaid(t *testing.T) {
	good := signed(t, edHeader, edClaims)
	stdin := fmt.Sprintf(`{"access_token":"%s","token_type":"Bearer"}`, good)
	for _, args := range [][]string{{"inspect", "-at", during}, {"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey, "-at", during}} {
		code, stdout, stderr := ran(t, stdin, args...)
		if code != exitOK || stderr != "assay "+args[0]+": removed from around the token: the JSON around access_token\n" {
			t.Errorf("%s: exit status %d\n%s%s", args[0], code, stdout, stderr)
		}
		plainCode, plain, _ := ran(t, good, args...)
		if plain != stdout || plainCode != code {
			t.Errorf("%s: the report differs:\n%s", args[0], stdout)
		}
	}
}

// Whatever is pasted, the token has only characters of it, in their order.
func FuzzTakeOff(f *testing.F) {
	f.Add("Authorization: Bearer " + exampleToken)
	f.Add("curl -H 'Authorization: Bearer " + exampleToken + "'")
	f.Add("Cookie: a=" + exampleToken)
	f.Add(`{"access_token":"` + exampleToken + `"}`)
	f.Add(broken(exampleToken, 50, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := takeOff(text)
		if err != nil {
			return
		}
		decoded, _ := utf8Of(text)
		rest := []rune(decoded)
		for _, r := range strings.ReplaceAll(got.token, "\\", "") {
			for len(rest) > 0 && rest[0] != r {
				rest = rest[1:]
			}
			if len(rest) == 0 && !strings.Contains(decoded, `\u`) && !strings.Contains(decoded, `\`) {
				t.Fatalf("the token is no part of the text: %q", got.token)
			}
		}
	})
}
