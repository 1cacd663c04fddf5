// This file has presets for issuers of jobs and machines. Most of them sign for all their customers under
// one name, and the job chooses the audience: an attacker who knows the audience gets a token with it.

package providers

import (
	"cmp"

	"assay.example/jwt"
)

var (
	organizationShape = shaped(`org-[A-Za-z0-9]+`, "an id that begins with org-, and not the organization's name")
	workspaceShape    = shaped(`ws-[A-Za-z0-9]+`, "an id that begins with ws-, and not the workspace's name")
	accountShape      = shaped(`https://[a-z0-9]+(-[a-z0-9]+)*\.tokens\.sts\.global\.api\.aws`, "the account's issuer, https://ID.tokens.sts.global.api.aws, without a trailing slash")
	roleShape         = shaped(`arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+`, "the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME, without *")
)

// GitHubActions accepts jobs of the repositories with these ids, as gh api repos/OWNER/NAME --jq .id prints
// them.
//
// The attack: every repository of GitHub gets tokens of this issuer, for any audience that its workflow
// asks for. With issuer and audience alone, tokens of an attacker's own repository are accepted. The names of
// owner and repository can be taken over after a rename; repository_id cannot.
//
// Every branch and workflow of a repository is accepted: append Claim("environment").Equals or
// Claim("ref").Equals to accept fewer. GitHub Enterprise Server has a name of its own: set Config.Issuer to
// https://HOST/_services/token.
//
// Source: GitHub Docs, "OpenID Connect reference".
func GitHubActions(audience, repositoryID string, more ...string) (jwt.Config, error) {
	return preset("GitHubActions", jwt.Config{
		Issuer:   "https://token.actions.githubusercontent.com",
		Audience: []string{audience},
		Require:  []jwt.Requirement{equals("repository_id", repositoryID, more)},
	}, cmp.Or(audienceShape.check("audience", audience), numberShape.checkAll("repositoryID", repositoryID, more)))
}

// HCPTerraform accepts runs of these workspaces of one organization, by their ids.
//
// The attack: every organization of HCP Terraform gets tokens of this issuer, for any audience that a
// workspace sets in TFC_WORKLOAD_IDENTITY_AUDIENCE. Names of organizations and workspaces can be taken
// over; their ids cannot.
//
// The token of a plan is accepted too, and everybody who can open a pull request may start a plan: append
// Claim("terraform_run_phase").Equals("apply") where a run writes something. For Terraform Enterprise set
// Config.Issuer to its address.
//
// Source: HashiCorp, "Workload identity tokens".
func HCPTerraform(audience, organizationID, workspaceID string, more ...string) (jwt.Config, error) {
	return preset("HCPTerraform", jwt.Config{
		Issuer:   "https://app.terraform.io",
		Audience: []string{audience},
		Require: []jwt.Requirement{
			jwt.Claim("terraform_organization_id").Equals(organizationID),
			equals("terraform_workspace_id", workspaceID, more),
		},
	}, cmp.Or(audienceShape.check("audience", audience), organizationShape.check("organizationID", organizationID),
		workspaceShape.checkAll("workspaceID", workspaceID, more)))
}

// Buildkite accepts jobs of these pipelines of one organization, by their UUIDs. The job has to ask for the
// two claims: buildkite-agent oidc request-token --claim organization_id --claim pipeline_id.
//
// The attack: every organization of Buildkite gets tokens of this issuer, for any audience that a job
// asks for. Slugs can be taken over after a rename; UUIDs cannot.
//
// Every branch is accepted: append Claim("build_branch").Equals to accept fewer.
//
// Source: Buildkite Docs, "buildkite-agent oidc".
func Buildkite(audience, organizationID, pipelineID string, more ...string) (jwt.Config, error) {
	return preset("Buildkite", jwt.Config{
		Issuer:   "https://agent.buildkite.com",
		Audience: []string{audience},
		Require: []jwt.Requirement{
			jwt.Claim("organization_id").Equals(organizationID),
			equals("pipeline_id", pipelineID, more),
		},
	}, cmp.Or(audienceShape.check("audience", audience), guidShape.check("organizationID", organizationID),
		guidShape.checkAll("pipelineID", pipelineID, more)))
}

// AWSOutbound accepts the roles with these ARNs of one account. The issuer is the account's, as
// aws iam get-outbound-web-identity-federation-info prints it.
//
// The attack: every principal of the account that may call sts:GetWebIdentityToken gets tokens of this
// issuer, for the audience that it asks for. With issuer and audience alone, tokens of a forgotten test
// role are accepted.
//
// The other claims of AWS are members of one claim: Claim("https://sts.amazonaws.com/", "org_id").
//
// Source: AWS IAM User Guide, "Understanding token claims" of outbound identity federation.
func AWSOutbound(issuer, audience, roleARN string, more ...string) (jwt.Config, error) {
	return preset("AWSOutbound", jwt.Config{
		Issuer:   issuer,
		Audience: []string{audience},
		Require:  []jwt.Requirement{equals("sub", roleARN, more)},
	}, cmp.Or(accountShape.check("issuer", issuer), audienceShape.check("audience", audience), roleShape.checkAll("roleARN", roleARN, more)))
}

// GoogleServiceAccount accepts ID tokens of the service accounts with these unique ids, which are
// numbers. Cloud Run, Compute Engine and GKE hand such tokens out.
//
// The attack: every service account of Google gets tokens of this issuer, for any audience that it asks
// for. An e-mail address can be given to another account after deletion; the unique id, in sub, cannot.
//
// Google's ID tokens may say "accounts.google.com" without https:// as iss; those of service accounts
// do not, and such a token is refused.
//
// Source: Google Cloud, "Get an ID token" and "Service account overview".
func GoogleServiceAccount(audience, uniqueID string, more ...string) (jwt.Config, error) {
	return preset("GoogleServiceAccount", jwt.Config{
		Issuer:   "https://accounts.google.com",
		Audience: []string{audience},
		Require:  []jwt.Requirement{equals("sub", uniqueID, more)},
	}, cmp.Or(audienceShape.check("audience", audience), numberShape.checkAll("uniqueID", uniqueID, more)))
}
