/* `originator`: whether readers of each part see who is writing, for whom, and how to reach them. */
#include "policy_cases.h"

#define G "originator"

static void contact_elsewhere(struct world *w)
{
	w->project.contact = "ann.lee@freemail.example";
}

static void no_postal(struct world *w)
{
	w->institution.postal_address = "";
}

static void other_originator(struct world *w)
{
	w->project.originator = "Dr Bo Ray";
}

static void other_institution(struct world *w)
{
	w->institution.name = "University of Elsewhere";
}

static void no_department(struct world *w)
{
	w->project.department = "";
}

static void contact_of_identity(struct world *w)
{
	w->project.contact = "water@studies.uni.example";
}

static const struct policy_case CASES[] = {
	FAILS(G, NULL, "From: \"Dr Ann Lee, ", "From: \"", "not named in From"),
	FAILS(G, NULL, "From: \"Dr Ann Lee, ", "From: \"Dr Ann Leeson, ", "a longer name in From"),
	FAILS(G, NULL, "From: \"Dr Ann Lee, ", "From: \"Dr A\xe2\x80\x8bnn Lee, ", "a name in From that is split"),
	FAILS(G, NULL, "From: \"Dr Ann Lee, ", "From: \"Dr \xd0\x90nn Lee, ", "a name in From with a Cyrillic letter"),
	FAILS(G, to_lint, "From: \"Dr Ann Lee, Water Study\" ", "From: ", "an address without a name"),
	FAILS(G, to_lint, "From: \"Dr Ann Lee, Water Study\" ", "From: water@studies.uni.example ", "the address as its own name"),
	FAILS(G, to_lint, "From: \"Dr Ann Lee, Water Study\" ", "From: water ", "the local part as the name"),
	FAILS(G, other_originator, "From: \"Dr Ann Lee", "From: \"Dr Bo Ray", "named in From, and not in the body"),
	FAILS(G, other_institution, NULL, NULL, "another institution than the one that is registered"),
	FAILS(G, NULL, "Department of Geography, University of Sample\n", "University of Sample\n", "no department in the text part"),
	FAILS(G, NULL, "Department of Geography, University of Sample<br>", "Department of Geo<b hidden>x</b>, University of Sample<br>", "half a department in the HTML part"),
	FAILS(G, NULL, "Department of Geography, ", "Department of Geographynx, ", "a longer name of the department"),
	FAILS(G, NULL, "<p>Dr <b>Ann</b> Lee", "<p style=\"opacity:0\">Dr <b>Ann</b> Lee", "who is writing, out of sight in the HTML part"),
	FAILS(G, NULL, "Department of Geography, University of Sample<br>", "<img src=\"cid:s\" alt=\"Department of Geography\">, University of Sample<br>", "the department in an image"),
	FAILS(G, NULL, "Sampleton\nann.lee@uni.example", "Sampleton", "no contact address in the text part"),
	FAILS(G, NULL, "Sampleton\nann.lee@uni.example", "Sampleton\njoann.lee@uni.example", "somebody else's address with the same ending"),
	FAILS(G, NULL, "Sampleton\nann.lee@uni.example", "Sampleton\nann.lee@uni.example.other.test", "a longer domain"),
	FAILS(G, NULL, "Sampleton\nann.lee@uni.example", "Sampleton\nx-ann.lee@uni.example", "a longer local part"),
	FAILS(G, NULL, "Sampleton\nann.lee@uni.example", "Sampleton\nann.lee (at) uni.example", "an address that is no address"),
	FAILS(G, to_lint, "ann.lee@uni.example", "ann.lee@freemail.example", "a contact address elsewhere"),
	FAILS(G, contact_elsewhere, "ann.lee@uni.example", "ann.lee@freemail.example", "a registered contact address elsewhere"),
	FAILS(G, NULL, "\n1 Long Road\n", "\n11 Long Road\n", "another house number"),
	FAILS(G, NULL, "Long Road<br>", "Short Road<br>", "another street in the HTML part"),
	FAILS(G, no_postal, NULL, NULL, "no postal address is registered"),
	PASSES(G, NULL, NULL, NULL, "as it should be"),
	PASSES(G, to_lint, NULL, NULL, "without a project, as far as can be told"),
	PASSES(G, NULL, "From: \"Dr Ann Lee, ", "From: \"Dr. Ann Lee, Dr Ann Lee, ", "named twice"),
	PASSES(G, NULL, "From: \"Dr Ann Lee, Water Study\"", "From: =?utf-8?Q?Dr_Ann_Lee_=28Universit=C3=A4t=29?=", "more than the name, encoded"),
	PASSES(G, NULL, "\n1 Long Road\nSampleton\n", "\n1 Long\nRoad, Sampleton\n", "the postal address with other line breaks"),
	PASSES(G, NULL, "Sampleton\nann.lee@uni.example", "Sampleton\nWrite to <Ann.Lee@uni.example>.", "the contact address in brackets, with capitals"),
	PASSES(G, NULL, "Dr Ann Lee, Department of Geography, University", "DR ANN LEE,\nDepartment of Geography (University", "in capitals, over two lines"),
	PASSES(G, no_department, "Department of Geography, ", "", "nothing to name where no department is registered"),
	PASSES(G, contact_of_identity, "ann.lee@uni.example", "water@studies.uni.example", "a contact address of the identity"),
	PASSES(G, NULL, "<p>Dr <b>Ann</b> Lee", "<p>Dr&nbsp;<i>A</i>nn Lee", "no-break blanks and italics"),
};

const struct policy_cases CASES_WHO = { CASES, COUNT(CASES) };
