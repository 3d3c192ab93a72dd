package segment

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"hastaluego/internal/customer"
)

// Attribute is something of people that no segment may ask for: what the law protects,
// and what stands for it without saying so.
type Attribute struct {
	Code  string
	Proxy bool     // it stands for what is protected
	Words []string // that name it, in Spanish and English, folded; one with * begins so
	Cite  string   // where it is written; of a proxy its words say what it gives away
}

// Attributes are all of them. The facts that rules may see hold none; this list is for
// what people would name, compare with or declare beside them. Its sources are known to
// us and were not read again for this list; of the packs' research (law.md) it takes the
// reach: Spain first, then the Union and the United Kingdom.
var Attributes = []Attribute{
	{
		"age", false, words("age aged edad birth* born nacimiento nacid* senior* elder* pensioner* retire* jubila* mayores ancian* joven* juven* jovenes young youth menores generation generacion millennial* boomer*"),
		"ES Ley 15/2022, art. 2.1; EU Charter, art. 21; UK Equality Act 2010, s. 5",
	},
	{
		"sex", false, words("sex sexo gender genero woman women mujer* man men hombre* male female femenin* masculin* trans transgender transexual* nonbinary pregnan* embaraz* maternity maternidad"),
		"Directive 2004/113/EC, art. 4; ES Ley 15/2022, art. 2.1; UK Equality Act 2010, ss. 7, 11, 18",
	},
	{
		"orientation", false, words("orientation orientacion gay lesbian* lesbiana* homosexual* bisexual* lgbt* queer"),
		"GDPR, art. 9(1); ES Ley 15/2022, art. 2.1; EU Charter, art. 21",
	},
	{
		"health", false, words("health* salud illness* sick* enferm* diagnos* disease* medic* patient* paciente* genetic* biometr* addict* adicc*"),
		"GDPR, art. 9(1); ES Ley 15/2022, art. 2.1",
	},
	{
		"disability", false, words("disab* discapac* handicap* impair* wheelchair blind deaf cieg* sord* dependencia"),
		"ES RDL 1/2013, art. 2; EU Charter, art. 21; UK Equality Act 2010, s. 6",
	},
	{
		"origin", false, words("nationalit* nacionalidad* ethnic* etnia* etnic* race racial raza* migrant* immigra* inmigra* foreign* extranjer* refugee* refugiad* gitan* roma gypsy skin piel caste"),
		"Directive 2000/43/EC, art. 2; GDPR, art. 9(1); ES Ley 15/2022, art. 2.1",
	},
	{
		"religion", false, words("religio* church* iglesia* catholic* catolic* muslim* musulman* islam* jew jews jewish judi* hindu* faith belief* creencia* atheis* ateo*"),
		"GDPR, art. 9(1); EU Charter, art. 21; ES Ley 15/2022, art. 2.1",
	},
	{
		"opinion", false, words("politic* ideolog* trade_union sindica* voter* votante* ballot"),
		"GDPR, art. 9(1); EU Charter, art. 21",
	},
	{
		"family", false, words("marital married matrimonio casad* solter* divorc* widow* viud* children hijos hijas family_status"),
		"ES Ley 15/2022, art. 2.1; UK Equality Act 2010, s. 8",
	},
	{
		"hardship", false, words("vulnerab* poverty poor pobre* unemploy* desemple* parado bankrupt* subsid* benefits_claimant"),
		"ES Ley 15/2022, art. 2.1; ES LGDCU, art. 3.2",
	},

	{"name", true, words("name names nombre* surname* apellido* firstname lastname initials"), ""},
	{
		"address", true, words("address* direccion* domicilio street calle postcode* postal zip zipcode neighbo* barrio* district* distrito* city ciudad municip* town village pueblo latitude longitude"),
		"",
	},
	{"language", true, words("language* idioma* lengua lenguas locale accent acento spanish_speaker* mother_tongue"), ""},
	{"contact", true, words("email e_mail mail correo phone telefono movil mobile device browser photo foto picture avatar"), ""},
	{"hour", true, words("prayer ramadan sabbath holiday* festividad*"), ""},
}

func words(s string) []string { return strings.Fields(s) }

// Named is a word that names an attribute, and where in the text it begins, in
// characters from 1.
type Named struct {
	Attribute
	Word string
	At   int
}

var word = regexp.MustCompile(`[\p{L}\p{N}]+`)

// Find looks for the first word of a text that names an attribute. Words are taken as
// they are written, in any case, with or without accents; birthDate is two.
func Find(text string) (Named, bool) {
	parts := broken(text)
	for i, p := range parts {
		for _, a := range Attributes {
			for _, w := range a.Words {
				if matches(w, parts, i) {
					return Named{a, p.text, p.at}, true
				}
			}
		}
	}
	return Named{}, false
}

// part is one word of a text, folded, and where it begins.
type part struct {
	text string
	at   int
}

// broken are the words of a text: at what is no letter or digit, and where a capital
// follows a small letter.
func broken(text string) (out []part) {
	for _, at := range word.FindAllStringIndex(text, -1) {
		from := at[0]
		rs := []rune(text[at[0]:at[1]])
		pos, begin := at[0], 0
		for i, r := range rs {
			if i > begin && unicode.IsUpper(r) && unicode.IsLower(rs[i-1]) {
				out = append(out, part{customer.Fold(string(rs[begin:i])), place(text, from)})
				begin, from = i, pos
			}
			pos += len(string(r))
		}
		out = append(out, part{customer.Fold(string(rs[begin:])), place(text, from)})
	}
	return out
}

func place(text string, at int) int { return len([]rune(text[:at])) + 1 }

// matches reports whether the words from i on are those that name something.
func matches(name string, parts []part, i int) bool {
	open := strings.HasSuffix(name, "*")
	want := strings.Split(strings.TrimSuffix(name, "*"), "_")
	if i+len(want) > len(parts) {
		return false
	}
	for j, w := range want {
		have := parts[i+j].text
		if last := j == len(want)-1; last && open && strings.HasPrefix(have, w) {
			continue
		}
		if have != w {
			return false
		}
	}
	return true
}

// Codes are those of the attributes, in their order.
func Codes() (out []string) {
	for _, a := range Attributes {
		out = append(out, a.Code)
	}
	return slices.Clip(out)
}
