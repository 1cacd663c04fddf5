// This file has tokens of jobs and machines.

package providers_test

import (
	"context"
	"errors"
	"fmt"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"assay.example/jwt/providers"
)

const (
	api   = "https://api.example.com"
	guidA = "0184990a-477b-4fa8-9968-496074483cee"
	guidB = "0184990a-4782-42b5-afc1-16715b10b8ff"
	guidC = "7335d417-61da-459d-899c-0a01c76a2f94"

	awsIssuer = "https://abc123-def456.tokens.sts.global.api.aws"
)

func sampleOf(id string) (jwt.Config, error) { return providers.GitHubActions(api, id) }

var workloads = map[string]sample{
	"GitHubActions": {
		preset: func() (jwt.Config, error) { return providers.GitHubActions(api, "123456789", "987654321") },
		claims: jwttest.Claims{"iss": "https://token.actions.githubusercontent.com", "aud": api, "sub": "repo:acme/orders:ref:refs/heads/main",
			"repository": "acme/orders", "repository_id": "987654321", "repository_owner_id": "42", "ref": "refs/heads/main"},
		refused: [3]refusal{
			{"another repository that took the name", jwttest.Claims{"repository_id": "555"}, jwt.ReasonClaimRefused, "repository_id"},
			{"a token for the owner, as jobs get without an audience", jwttest.Claims{"aud": "https://github.com/acme"}, jwt.ReasonAudienceMismatch, "aud"},
			{"a trailing slash", jwttest.Claims{"iss": "https://token.actions.githubusercontent.com/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"HCPTerraform": {
		preset: func() (jwt.Config, error) {
			return providers.HCPTerraform(api, "org-GRNbCjYNpBB6NEBH", "ws-mbsd5E3Ktt5Rg2Xm")
		},
		claims: jwttest.Claims{"iss": "https://app.terraform.io", "aud": api, "sub": "organization:acme:project:web:workspace:prod:run_phase:apply",
			"terraform_organization_id": "org-GRNbCjYNpBB6NEBH", "terraform_workspace_id": "ws-mbsd5E3Ktt5Rg2Xm", "terraform_run_phase": "apply"},
		refused: [3]refusal{
			{"another organization", jwttest.Claims{"terraform_organization_id": "org-other"}, jwt.ReasonClaimRefused, "terraform_organization_id"},
			{"a token of no workspace", jwttest.Claims{"terraform_workspace_id": nil}, jwt.ReasonClaimRefused, "terraform_workspace_id"},
			{"a trailing slash", jwttest.Claims{"iss": "https://app.terraform.io/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"Buildkite": {
		preset: func() (jwt.Config, error) { return providers.Buildkite(api, guidA, guidB) },
		claims: jwttest.Claims{"iss": "https://agent.buildkite.com", "aud": api, "sub": "organization:acme-inc:pipeline:deploy:ref:refs/heads/main:commit:9f31:step:build",
			"organization_slug": "acme-inc", "pipeline_slug": "deploy", "organization_id": guidA, "pipeline_id": guidB, "build_branch": "main"},
		refused: [3]refusal{
			{"another organization that took the slug", jwttest.Claims{"organization_id": guidC}, jwt.ReasonClaimRefused, "organization_id"},
			{"a token without the ids, which the job must ask for", jwttest.Claims{"organization_id": nil, "pipeline_id": nil}, jwt.ReasonClaimRefused, "pipeline_id"},
			{"a trailing slash", jwttest.Claims{"iss": "https://agent.buildkite.com/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"AWSOutbound": {
		preset: func() (jwt.Config, error) {
			return providers.AWSOutbound(awsIssuer, api, "arn:aws:iam::123456789012:role/Orders")
		},
		algorithm: jwt.ES384,
		claims: jwttest.Claims{"iss": awsIssuer, "aud": api, "sub": "arn:aws:iam::123456789012:role/Orders",
			"https://sts.amazonaws.com/": map[string]any{"aws_account": "123456789012", "org_id": "o-abc1234567"}},
		refused: [3]refusal{
			{"another role of the account", jwttest.Claims{"sub": "arn:aws:iam::123456789012:role/Orders2"}, jwt.ReasonClaimRefused, "sub"},
			{"a token for another service", jwttest.Claims{"aud": "https://other.example.com"}, jwt.ReasonAudienceMismatch, "aud"},
			{"a trailing slash", jwttest.Claims{"iss": awsIssuer + "/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"GoogleServiceAccount": {
		preset: func() (jwt.Config, error) { return providers.GoogleServiceAccount(api, "112233445566778899001") },
		claims: jwttest.Claims{"iss": "https://accounts.google.com", "aud": api, "sub": "112233445566778899001", "azp": "112233445566778899001",
			"email": "orders@project.iam.gserviceaccount.com", "email_verified": true},
		refused: [3]refusal{
			{"another account that took the address", jwttest.Claims{"sub": "998877665544332211009", "azp": "998877665544332211009"}, jwt.ReasonClaimRefused, "sub"},
			{"the ID token of a user's login", jwttest.Claims{"aud": "42.apps.googleusercontent.com", "sub": "110169484474386276334"}, jwt.ReasonAudienceMismatch, "aud"},
			{"no scheme", jwttest.Claims{"iss": "accounts.google.com"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
}

var workloadMistakes = map[string][]mistake{
	"GitHubActions": {
		{func() (jwt.Config, error) { return providers.GitHubActions("", "1") }, "audience"},
		{func() (jwt.Config, error) { return providers.GitHubActions("*", "1") }, "audience"},
		{func() (jwt.Config, error) { return providers.GitHubActions(api, "") }, "repositoryID"},
		{func() (jwt.Config, error) { return providers.GitHubActions(api, "acme/orders") }, "repositoryID"},
		{func() (jwt.Config, error) { return providers.GitHubActions(api, "1", "acme/*") }, "repositoryID"},
		{func() (jwt.Config, error) { return providers.GitHubActions(api, "1\n") }, "repositoryID"},
		{func() (jwt.Config, error) { return providers.GitHubActions(api, "01") }, "repositoryID"},
	},
	"HCPTerraform": {
		{func() (jwt.Config, error) { return providers.HCPTerraform("", "org-a", "ws-a") }, "audience"},
		{func() (jwt.Config, error) { return providers.HCPTerraform(api, "acme", "ws-a") }, "organizationID"},
		{func() (jwt.Config, error) { return providers.HCPTerraform(api, "org-a", "") }, "workspaceID"},
		{func() (jwt.Config, error) { return providers.HCPTerraform(api, "org-a", "ws-a", "prod") }, "workspaceID"},
	},
	"Buildkite": {
		{func() (jwt.Config, error) { return providers.Buildkite("a b", guidA, guidB) }, "audience"},
		{func() (jwt.Config, error) { return providers.Buildkite(api, "acme-inc", guidB) }, "organizationID"},
		{func() (jwt.Config, error) { return providers.Buildkite(api, guidA, "") }, "pipelineID"},
		{func() (jwt.Config, error) {
			return providers.Buildkite(api, guidA, "0184990A-4782-42B5-AFC1-16715B10B8FF")
		}, "pipelineID"},
	},
	"AWSOutbound": {
		{func() (jwt.Config, error) {
			return providers.AWSOutbound(awsIssuer+"/", api, "arn:aws:iam::123456789012:role/A")
		}, "issuer"},
		{func() (jwt.Config, error) {
			return providers.AWSOutbound("https://sts.amazonaws.com", api, "arn:aws:iam::123456789012:role/A")
		}, "issuer"},
		{func() (jwt.Config, error) {
			return providers.AWSOutbound(awsIssuer, "", "arn:aws:iam::123456789012:role/A")
		}, "audience"},
		{func() (jwt.Config, error) { return providers.AWSOutbound(awsIssuer, api, "") }, "roleARN"},
		{func() (jwt.Config, error) {
			return providers.AWSOutbound(awsIssuer, api, "arn:aws:iam::123456789012:role/*")
		}, "roleARN"},
		{func() (jwt.Config, error) { return providers.AWSOutbound(awsIssuer, api, "Orders") }, "roleARN"},
	},
	"GoogleServiceAccount": {
		{func() (jwt.Config, error) { return providers.GoogleServiceAccount("", "1") }, "audience"},
		{func() (jwt.Config, error) { return providers.GoogleServiceAccount(api, "") }, "uniqueID"},
		{func() (jwt.Config, error) {
			return providers.GoogleServiceAccount(api, "orders@project.iam.gserviceaccount.com")
		}, "uniqueID"},
	},
}

// A preset is data: it is printed, narrowed and handed to a verifier.
func ExampleGitHubActions() {
	c, err := providers.GitHubActions("https://api.example.com", "123456789")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Require = append(c.Require, jwt.Claim("environment").Equals("production"))
	fmt.Println(c.Issuer)
	fmt.Println(c.Require)
	_, err = jwt.NewVerifier(c)
	fmt.Println(err)

	_, err = providers.GitHubActions("https://api.example.com", "acme/orders")
	fmt.Println(err)
	// Output:
	// https://token.actions.githubusercontent.com
	// [Claim("repository_id").Equals("123456789") Claim("environment").Equals("production")]
	// <nil>
	// providers: GitHubActions: the repositoryID is "acme/orders", and must be a number, because a name can be taken over
}

// A plan that a pull request starts is not to write: the phase is asked for besides.
func ExampleHCPTerraform() {
	c, err := providers.HCPTerraform("https://api.example.com", "org-GRNbCjYNpBB6NEBH", "ws-mbsd5E3Ktt5Rg2Xm")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Require = append(c.Require, jwt.Claim("terraform_run_phase").Equals("apply"))
	for _, req := range c.Require {
		fmt.Println(req)
	}
	// Output:
	// Claim("terraform_organization_id").Equals("org-GRNbCjYNpBB6NEBH")
	// Claim("terraform_workspace_id").Equals("ws-mbsd5E3Ktt5Rg2Xm")
	// Claim("terraform_run_phase").Equals("apply")
}

func ExampleBuildkite() {
	c, err := providers.Buildkite("https://api.example.com", "0184990a-477b-4fa8-9968-496074483cee", "0184990a-4782-42b5-afc1-16715b10b8ff")
	fmt.Println(c.Issuer, err)
	// Output: https://agent.buildkite.com <nil>
}

// Somebody else's role gets a token for this API too, and is refused.
func ExampleAWSOutbound() {
	iss := testIssuer()
	c, err := providers.AWSOutbound("https://abc123-def456.tokens.sts.global.api.aws", "https://api.example.com", "arn:aws:iam::123456789012:role/Orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Keys = iss.Key(jwt.RS256) // in a test; Amazon's otherwise
	v, err := jwt.NewVerifier(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.Verify(context.Background(), iss.Token(jwttest.Claims{"iss": c.Issuer, "sub": "arn:aws:iam::123456789012:role/Test"}))
	fmt.Println(errors.Is(err, jwt.ErrClaims), err)
	// Output:
	// true jwt: claim refused: sub has another value, want "arn:aws:iam::123456789012:role/Orders"
}

func ExampleGoogleServiceAccount() {
	c, err := providers.GoogleServiceAccount("https://api.example.com", "112233445566778899001")
	fmt.Println(c.Issuer, c.Require, err)
	// Output: https://accounts.google.com [Claim("sub").Equals("112233445566778899001")] <nil>
}
