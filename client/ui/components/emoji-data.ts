/**
 * All emoji that Unicode recommends for interchange (Emoji 17.0), in Unicode's order: the groups begin with `#`; a line has the emoji,
 * its English name, and more words under which people look for it. From two small data sets that docs/third-party.md names, reduced
 * to what the picker needs: the packages carry several times as much. Loaded with the picker only.
 */

/** Groups and emoji, one a line, fields parted by tabs. */
export const EMOJI_DATA = `# smileys
😀	grinning face	smile happy joy grin smiley
😃	grinning face with big eyes	happy joy haha smile funny mouth open smiley smiling
😄	grinning face with smiling eyes	happy joy funny haha laugh like smile eye grin mouth
😁	beaming face with smiling eyes	happy smile joy kawaii eye grin grinning
😆	grinning squinting face	happy joy lol satisfied haha glad xd laugh big closed
😅	grinning face with sweat	hot happy laugh smile relief cold exercise mouth open smiling
🤣	rolling on the floor laughing	face lol haha rofl laugh rotfl
😂	face with tears of joy	cry weep happy happytears haha crying laugh laughing lol tear
🙂	slightly smiling face	smile fine happy this
🙃	upside-down face	flipped silly smile sarcasm
🫠	melting face	hot heat disappear dissolve dread liquid melt sarcasm
😉	winking face	happy mischievous secret smile eye flirt wink winky
😊	smiling face with smiling eyes	smile happy flushed crush embarrassed shy joy blush eye proud
😇	smiling face with halo	angel heaven innocent fairy fantasy smile tale
🥰	smiling face with hearts	love like affection valentines infatuation crush adore eyes three
😍	smiling face with heart-eyes	love like affection valentines infatuation crush eye shaped smile
🤩	star-struck	face smile starry eyes grinning excited eyed wow
😘	face blowing a kiss	love like affection valentines infatuation blow flirt heart kissing throwing
😗	kissing face	love like valentines infatuation kiss duck kissy whistling
☺️	smiling face	blush massage happiness happy outlined pleased relaxed smile smiley white
😚	kissing face with closed eyes	love like affection valentines infatuation kiss eye kissy
😙	kissing face with smiling eyes	affection valentines infatuation kiss eye kissy smile whistle whistling
🥲	smiling face with tear	sad cry pretend grateful happy proud relieved smile touched
😋	face savoring food	happy joy tongue smile silly yummy nom delicious savouring goofy
😛	face with tongue	prank childish playful mischievous smile cheeky out stuck
😜	winking face with tongue	prank childish playful mischievous smile wink crazy eye joke out
🤪	zany face	goofy crazy excited eye eyes grinning large one small wacky
😝	squinting face with tongue	prank playful mischievous smile closed eye eyes horrible out stuck
🤑	money-mouth face	rich dollar eyes sign
🤗	smiling face with open hands	hugging smile hug hugs
🤭	face with hand over mouth	whoops shock surprise blushing covering eyes quiet smiling
🫢	face with open eyes and hand over mouth	silence secret shock surprise amazement awe disbelief embarrass gasp scared
🫣	face with peeking eye	scared frightening embarrassing shy captivated peep stare
🤫	shushing face	quiet shhh closed covering finger hush lips shh shush silence
🤔	thinking face	hmmm think consider chin shade thinker throwing thumb
🫡	saluting face	respect salute ok sunny troops yes
🤐	zipper-mouth face	sealed secret hush lips silence zip
🤨	face with raised eyebrow	distrust scepticism disapproval disbelief surprise suspicious colbert mild one rock
😐	neutral face	indifference meh deadpan faced mouth straight
😑	expressionless face	indifferent meh deadpan inexpressive mouth straight unexpressive
😶	face without mouth	blank mouthless mute no quiet silence silent
🫥	dotted line face	invisible lonely isolation depression depressed disappear hide introvert
😶‍🌫️	face in clouds	shower steam dream absentminded brain fog forgetful haze head impractical
😏	smirking face	smile mean prank smug sarcasm flirting sexual smirk suggestive
😒	unamused face	indifference bored straight serious sarcasm unimpressed skeptical dubious ugh side
🙄	face with rolling eyes	eyeroll frustrated eye roll
😬	grimacing face	grimace teeth awkward eek nervous
😮‍💨	face exhaling	relieve relief tired sigh exhale gasp groan whisper whistle
🤥	lying face	lie pinocchio liar long nose
🫨	shaking face	dizzy shock blurry earthquake
🙂‍↔️	head shaking horizontally	disapprove indiffernt left
🙂‍↕️	head shaking vertically	down nod
😌	relieved face	relaxed phew massage happiness content pleased whew
😔	pensive face	sad depressed upset dejected sadface sorrowful
😪	sleepy face	tired rest nap bubble side sleep snot tear
🤤	drooling face	drool
😴	sleeping face	tired sleepy night zzz sleep snoring
🫩	face with bags under eyes	tired sleepy exhausted
😷	face with medical mask	sick ill disease covid cold coronavirus doctor medicine surgical
🤒	face with thermometer	sick temperature cold fever covid ill
🤕	face with head-bandage	injured clumsy hurt bandaged injury
🤢	nauseated face	vomit gross green sick throw up ill barf disgust disgusted
🤮	face vomiting	sick barf ill mouth open puke spew throwing up vomit
🤧	sneezing face	gesundheit sneeze sick allergy achoo
🥵	hot face	feverish heat red sweating overheated stroke
🥶	cold face	blue freezing frozen frostbite icicles ice
🥴	woozy face	dizzy intoxicated tipsy wavy drunk eyes groggy mouth uneven
😵	face with crossed-out eyes	dizzy spent unconscious xox cross dead knocked spiral
😵‍💫	face with spiral eyes	sick ill confused nauseous nausea dizzy hypnotized trouble whoa
🤯	exploding head	face shocked mind blown blowing explosion mad
🤠	cowboy hat face	cowgirl
🥳	partying face	celebration woohoo birthday hat horn party
🥸	disguised face	pretent brows glasses moustache disguise incognito nose
😎	smiling face with sunglasses	cool smile summer beach sunglass best bright eye eyewear friends
🤓	nerd face	nerdy geek dork glasses smiling
🧐	face with monocle	stuffy wealthy rich exploration inspection
😕	confused face	indifference huh weird hmmm meh nonplussed puzzled
🫤	face with diagonal mouth	skeptic confuse frustrated indifferent confused disappointed meh skeptical unsure
😟	worried face	concern nervous sad sadface
🙁	slightly frowning face	disappointed sad upset frown unhappy
☹️	frowning face	sad upset frown megafrown unhappy white
😮	face with open mouth	surprise impressed wow whoa surprised sympathy
😯	hushed face	woo shh silence speechless stunned surprise surprised
😲	astonished face	xox surprised poisoned amazed drunk gasp gasping shocked totally
😳	flushed face	blush shy flattered blushing dazed embarrassed eyes open shame wide
🫪	distorted face	surprised fluttered wide eyed
🥺	pleading face	begging mercy cry tears sad grievance eyes glossy puppy simp
🥹	face holding back tears	touched gratitude cry angry proud resist sad
😦	frowning face with open mouth	aw what frown yawning
😧	anguished face	stunned nervous pained
😨	fearful face	scared terrified nervous fear oops shocked surprised
😰	anxious face with sweat	nervous blue cold concerned mouth open rushed
😥	sad but relieved face	phew sweat nervous disappointed eyebrow whew
😢	crying face	tears sad depressed upset cry tear
😭	loudly crying face	sobbing cry tears sad upset depressed bawling sob tear
😱	face screaming in fear	munch scared omg alone fearful home horror scream shocked
😖	confounded face	confused sick unwell oops mouth quivering scrunched
😣	persevering face	sick no upset oops eyes helpless persevere scrunched struggling
😞	disappointed face	sad upset depressed sadface
😓	downcast face with sweat	hot sad tired exercise cold hard work
😩	weary face	tired sleepy sad frustrated upset distraught wailing
😫	tired face	sick whine upset frustrated distraught exhausted fed up
🥱	yawning face	tired sleepy bored yawn
😤	face with steam from nose	gas phew proud pride triumph airing frustrated grievances look mad
😡	enraged face	pouting angry mad hate despise grumpy pout rage red
😠	angry face	mad annoyed frustrated anger grumpy
🤬	face with symbols on mouth	swearing cursing cussing profanity expletive covering foul grawlix over serious
😈	smiling face with horns	devil evil fairy fantasy happy imp purple red smile tale
👿	angry face with horns	devil demon evil fairy fantasy goblin imp purple sad tale
💀	skull	dead skeleton creepy death body danger face fairy grey halloween
☠️	skull and crossbones	poison danger deadly scary death pirate evil body face halloween
💩	pile of poo	hankey shitface fail turd shit comic crap dirt dog dung
🤡	clown face	mock
👹	ogre	monster red mask halloween scary creepy devil demon japanese creature
👺	goblin	red evil mask monster scary creepy japanese creature face fairy
👻	ghost	halloween spooky scary creature disappear face fairy fantasy ghoul monster
👽	alien	ufo paul weird outer space creature et extraterrestrial face fairy
👾	alien monster	game arcade play creature extraterrestrial face fairy fantasy invader retro
🤖	robot	computer machine bot face monster
😺	grinning cat	animal cats happy smile face mouth open smiley smiling
😸	grinning cat with smiling eyes	animal cats smile eye face grin happy
😹	cat with tears of joy	animal cats haha happy face laughing tear
😻	smiling cat with heart-eyes	animal love like affection cats valentines eye face loving shaped
😼	cat with wry smile	animal cats smirk face ironic smirking
😽	kissing cat	animal cats kiss closed eye eyes face
🙀	weary cat	animal cats munch scared scream face fear horror oh screaming
😿	crying cat	animal tears weep sad cats upset cry face tear
😾	pouting cat	animal cats face grumpy
🙈	see-no-evil monkey	animal nature haha blind covering eyes face forbidden gesture ignore
🙉	hear-no-evil monkey	animal nature covering deaf ears face forbidden gesture kikazaru not
🙊	speak-no-evil monkey	animal nature omg covering face forbidden gesture hush iwazaru mouth
💌	love letter	email like affection envelope valentines heart mail note romance
💘	heart with arrow	love like affection valentines cupid lovestruck romance
💝	heart with ribbon	love valentines box chocolate chocolates gift valentine
💖	sparkling heart	love like affection valentines excited sparkle sparkly stars
💗	growing heart	like love affection valentines pink excited heartpulse multiple nervous pulse
💓	beating heart	love like affection valentines pink alarm heartbeat pulsating wifi
💞	revolving hearts	love like affection valentines heart two
💕	two hearts	love like affection valentines heart pink small
💟	heart decoration	purple square love like
❣️	heart exclamation	decoration love above an as dot heavy mark ornament punctuation
💔	broken heart	sad sorry break heartbreak breaking brokenhearted
❤️‍🔥	heart on fire	passionate enthusiastic burn love lust sacred
❤️‍🩹	mending heart	broken bandage wounded bandaged healing healthier improving recovering recuperating unbroken
❤️	red heart	love like valentines black heavy
🩷	pink heart	valentines
🧡	orange heart	love like affection valentines
💛	yellow heart	love like affection valentines bf gold snapchat
💚	green heart	love like affection valentines nct
💙	blue heart	love like affection valentines brand neutral
🩵	light blue heart	ice baby
💜	purple heart	love like affection valentines bts emoji
🤎	brown heart	coffee
🖤	black heart	evil dark wicked
🩶	grey heart	silver monochrome
🤍	white heart	pure
💋	kiss mark	face lips love like affection valentines heart kissing lipstick romance
💯	hundred points	score perfect numbers century exam quiz test pass 100 full
💢	anger symbol	angry mad comic pop sign vein
🫯	fight cloud	brawl conflict
💥	collision	bomb explode explosion blown bang boom comic impact red spark
💫	dizzy	star sparkle shoot magic circle comic symbol animations transitions
💦	sweat droplets	water drip oops comic drops plewds splashing symbol workout
💨	dashing away	wind air fast shoo fart smoke puff blow comic dash
🕳️	hole	embarrassing
💬	speech balloon	bubble words message talk chatting chat comic comment dialog text
👁️‍🗨️	eye in speech bubble	info am witness
🗨️	left speech bubble	words message talk chatting dialog
🗯️	right anger bubble	caption speech thinking mad angry balloon zag zig
💭	thought balloon	bubble cloud speech thinking dream comic
💤	zzz	sleepy tired dream bedtime boring comic sign sleep sleeping symbol
# people
👋	waving hand	wave hands gesture goodbye solong farewell hello hi palm body
🤚	raised back of hand	fingers backhand body
🖐️	hand with fingers splayed	palm body finger five raised
✋	raised hand	fingers stop highfive palm ban body five high
🖖	vulcan salute	hand fingers spock star trek between body finger middle part
🫱	rightwards hand	palm offer right rightward
🫲	leftwards hand	palm offer left leftward
🫳	palm down hand	drop dismiss shoo
🫴	palm up hand	lift offer demand beckon catch come
🫷	leftwards pushing hand	highfive pressing stop
🫸	rightwards pushing hand	highfive pressing stop
👌	ok hand	fingers limbs perfect okay body sign
🤌	pinched fingers	size tiny small che finger gesture hand interrogation ma purse
🤏	pinching hand	tiny small size amount body little
✌️	victory hand	fingers ohyeah peace two air body quotes sign
🤞	crossed fingers	good lucky body cross finger hand hopeful index luck middle
🫰	hand with index finger and thumb crossed	heart love money expensive snap
🤟	love-you gesture	hand fingers body ily sign
🤘	sign of the horns	hand fingers evil eye rock on body devil finger heavy
🤙	call me hand	hands gesture shaka body phone sign
👈	backhand index pointing left	direction fingers hand body finger point white
👉	backhand index pointing right	fingers hand direction body finger point white
👆	backhand index pointing up	fingers hand direction body finger middle point white
🖕	middle finger	hand fingers rude flipping bird body dito extended fu medio
👇	backhand index pointing down	fingers hand direction body finger point white
☝️	index pointing up	hand fingers direction body finger point secret white
🫵	index pointing at the viewer	you recruit point
👍	thumbs up	thumbsup yes awesome good agree accept cool hand like approve
👎	thumbs down	thumbsdown no dislike hand bad body bury disapprove sign thumb
✊	raised fist	fingers hand grasp body clenched power pump punch
👊	oncoming fist	angry violence hit attack hand body bro brofist bump clenched
🤛	left-facing fist	hand fistbump body bump leftwards
🤜	right-facing fist	hand fistbump body bump rightwards
👏	clapping hands	praise applause congrats yay body clap golf hand round sign
🙌	raising hands	gesture hooray yea celebration air arms banzai body both festivus
🫶	heart hands	love appreciation support
👐	open hands	fingers butterfly body hand hug jazz sign
🤲	palms up together	hands gesture cupped prayer body dua facing
🤝	handshake	agreement shake deal hand hands meeting shaking
🙏	folded hands	please hope wish namaste highfive pray thank you thanks appreciate
✍️	writing hand	lower left ballpoint pen stationery write compose body
💅	nail polish	care beauty manicure finger fashion slay body cosmetics fingers nonchalant
🤳	selfie	camera phone arm hand
💪	flexed biceps	arm flex hand summer strong bicep body comic feats flexing
🦾	mechanical arm	accessibility body prosthetic
🦿	mechanical leg	accessibility body prosthetic
🦵	leg	kick limb body
🦶	foot	kick stomp body
👂	ear	face hear sound listen body ears hearing listening nose
🦻	ear with hearing aid	accessibility body hard
👃	nose	smell sniff body smelling sniffing stinky
🧠	brain	smart intelligent body organ
🫀	anatomical heart	health heartbeat cardiology organ pulse
🫁	lungs	breathe breath exhalation inhalation organ respiration
🦷	tooth	teeth dentist body
🦴	bone	skeleton body
👀	eyes	look watch stalk peek see body eye eyeballs face shifty
👁️	eye	face look see watch stare body single
👅	tongue	mouth playful body out taste
👄	mouth	kiss body kissing lips
🫦	biting lip	flirt sexy pain worry anxious fear flirting nervous uncomfortable worried
👶	baby	child boy girl toddler newborn young
🧒	child	gender neutral young boy girl inclusive person unspecified
👦	boy	man male guy teenager child young
👧	girl	female woman teenager child maiden virgin virgo young zodiac
🧑	person	gender neutral adult female inclusive male man men unspecified woman
👱	person blond hair	hairstyle blonde haired man
👨	man	mustache father dad guy classy sir moustache adult male men
🧔	person beard	man bewhiskered bearded
🧔‍♂️	man beard	facial hair bearded bewhiskered male men
🧔‍♀️	woman beard	facial hair bearded bewhiskered female women
👨‍🦰	man red hair	hairstyle adult ginger haired male men redhead
👨‍🦱	man curly hair	hairstyle adult haired male men
👨‍🦳	man white hair	old elder adult haired male men
👨‍🦲	man bald	hairless adult hair male men no
👩	woman	female girls lady adult women yellow
👩‍🦰	woman red hair	hairstyle adult female ginger haired redhead women
🧑‍🦰	person red hair	hairstyle adult gender haired unspecified
👩‍🦱	woman curly hair	hairstyle adult female haired women
🧑‍🦱	person curly hair	hairstyle adult gender haired unspecified
👩‍🦳	woman white hair	old elder adult female haired women
🧑‍🦳	person white hair	elder old adult gender haired unspecified
👩‍🦲	woman bald	hairless adult female hair no women
🧑‍🦲	person bald	hairless adult gender hair no unspecified
👱‍♀️	woman blond hair	female girl blonde person haired women
👱‍♂️	man blond hair	male boy blonde guy person haired men
🧓	older person	human elder senior gender neutral adult female male man men
👴	old man	human male men elder senior adult elderly grandpa older
👵	old woman	human female women lady elder senior adult elderly grandma nanna
🙍	person frowning	worried frown gesture sad woman
🙍‍♂️	man frowning	male boy sad depressed discouraged unhappy frown gesture men
🙍‍♀️	woman frowning	female girl sad depressed discouraged unhappy frown gesture women
🙎	person pouting	upset blank face fed gesture look up
🙎‍♂️	man pouting	male boy gesture men
🙎‍♀️	woman pouting	female girl gesture women
🙅	person gesturing no	decline arms deal denied face forbidden gesture good halt hand
🙅‍♂️	man gesturing no	male boy nope denied forbidden gesture good halt hand men
🙅‍♀️	woman gesturing no	female girl nope denied forbidden gesture good halt hand ng
🙆	person gesturing ok	agree ballerina face gesture hand hands head
🙆‍♂️	man gesturing ok	men boy male blue human gesture hand
🙆‍♀️	woman gesturing ok	women girl female pink human gesture hand
💁	person tipping hand	information attendant bellhop concierge desk female flick girl hair help
💁‍♂️	man tipping hand	male boy human information desk help men sassy
💁‍♀️	woman tipping hand	female girl human information desk help sassy women
🙋	person raising hand	question answering gesture happy one raised up
🙋‍♂️	man raising hand	male boy gesture happy men one raised
🙋‍♀️	woman raising hand	female girl gesture happy one raised women
🧏	deaf person	accessibility ear hear
🧏‍♂️	deaf man	accessibility male men
🧏‍♀️	deaf woman	accessibility female women
🙇	person bowing	respectiful apology bow boy cute deeply dogeza gesture man massage
🙇‍♂️	man bowing	male boy apology bow deeply favor gesture men respect sorry
🙇‍♀️	woman bowing	female girl apology bow deeply favor gesture respect sorry thanks
🤦	person facepalming	disappointed disbelief exasperation face facepalm head hitting palm picard smh
🤦‍♂️	man facepalming	male boy disbelief exasperation face facepalm men palm
🤦‍♀️	woman facepalming	female girl disbelief exasperation face facepalm palm women
🤷	person shrugging	regardless doubt ignorance indifference shrug shruggie
🤷‍♂️	man shrugging	male boy confused indifferent doubt ignorance indifference men shrug
🤷‍♀️	woman shrugging	female girl confused indifferent doubt ignorance indifference shrug women
🧑‍⚕️	health worker	hospital dentist doctor healthcare md nurse physician professional therapist
👨‍⚕️	man health worker	doctor nurse therapist healthcare human dentist male md men physician
👩‍⚕️	woman health worker	doctor nurse therapist healthcare human dentist female md physician professional
🧑‍🎓	student	learn education graduate pupil school
👨‍🎓	man student	graduate human education graduation male men pupil school
👩‍🎓	woman student	graduate human education female graduation pupil school women
🧑‍🏫	teacher	professor education educator instructor
👨‍🏫	man teacher	instructor professor human education educator male men school
👩‍🏫	woman teacher	instructor professor human education educator female school women
🧑‍⚖️	judge	law court justice scales
👨‍⚖️	man judge	justice court human law male men scales
👩‍⚖️	woman judge	justice court human female law scales women
🧑‍🌾	farmer	crops farm farming gardener rancher worker
👨‍🌾	man farmer	rancher gardener human farm farming male men worker
👩‍🌾	woman farmer	rancher gardener human farm farming female women worker
🧑‍🍳	cook	food kitchen culinary chef cooking service
👨‍🍳	man cook	chef human cooking food male men service
👩‍🍳	woman cook	chef human cooking female food service women
🧑‍🔧	mechanic	worker technician electrician person plumber repair tradesperson
👨‍🔧	man mechanic	plumber human wrench electrician male men person repair tradesperson
👩‍🔧	woman mechanic	plumber human wrench electrician female person repair tradesperson women
🧑‍🏭	factory worker	labor assembly industrial welder
👨‍🏭	man factory worker	assembly industrial human male men welder
👩‍🏭	woman factory worker	assembly industrial human female welder women
🧑‍💼	office worker	business accountant adviser analyst architect banker clerk manager
👨‍💼	man office worker	business manager human accountant adviser analyst architect banker businessman ceo
👩‍💼	woman office worker	business manager human accountant adviser analyst architect banker businesswoman ceo
🧑‍🔬	scientist	chemistry biologist chemist engineer lab mathematician physicist technician
👨‍🔬	man scientist	biologist chemist engineer physicist human lab male mathematician men research
👩‍🔬	woman scientist	biologist chemist engineer physicist human female lab mathematician research technician
🧑‍💻	technologist	computer coder engineer laptop software technology developer
👨‍💻	man technologist	coder developer engineer programmer software human laptop computer blogger male
👩‍💻	woman technologist	coder developer engineer programmer software human laptop computer blogger female
🧑‍🎤	singer	song artist performer actor entertainer music musician rock rocker rockstar
👨‍🎤	man singer	rockstar entertainer human actor aladdin bowie male men music musician
👩‍🎤	woman singer	rockstar entertainer human actor female music musician rock rocker star
🧑‍🎨	artist	painting draw creativity art paint painter palette
👨‍🎨	man artist	painter human art male men paint palette
👩‍🎨	woman artist	painter human art female paint palette women
🧑‍✈️	pilot	fly plane airplane aviation aviator
👨‍✈️	man pilot	aviator plane human airplane aviation male men
👩‍✈️	woman pilot	aviator plane human airplane aviation female women
🧑‍🚀	astronaut	outerspace moon planets rocket space stars
👨‍🚀	man astronaut	space rocket human cosmonaut male men moon planets stars
👩‍🚀	woman astronaut	space rocket human cosmonaut female moon planets stars women
🧑‍🚒	firefighter	fire firetruck
👨‍🚒	man firefighter	fireman human fire firetruck male men
👩‍🚒	woman firefighter	fireman human female fire firetruck women
👮	police officer	cop law policeman policewoman
👮‍♂️	man police officer	law legal enforcement arrest 911 cop male men policeman
👮‍♀️	woman police officer	law legal enforcement arrest 911 female cop policewoman women
🕵️	detective	human spy eye or private sleuth
🕵️‍♂️	man detective	crime male men sleuth spy
🕵️‍♀️	woman detective	human spy female sleuth women
💂	guard	protect british guardsman
💂‍♂️	man guard	uk gb british male guy royal guardsman men
💂‍♀️	woman guard	uk gb british female royal guardsman guardswoman women
🥷	ninja	ninjutsu skills japanese fighter hidden stealth
👷	construction worker	labor build builder face hard hat helmet safety add ci
👷‍♂️	man construction worker	male human wip guy build labor helmet men
👷‍♀️	woman construction worker	female human wip build labor helmet women
🫅	person with crown	royalty power monarch noble regal
🤴	prince	boy man male crown royal king fairy fantasy men tale
👸	princess	girl woman female blond crown royal queen blonde fairy fantasy
👳	person wearing turban	headdress arab man muslim sikh
👳‍♂️	man wearing turban	male indian hinduism arabs men
👳‍♀️	woman wearing turban	female indian hinduism arabs women
👲	person with skullcap	man male boy chinese asian cap gua hat mao pi
🧕	woman with headscarf	female hijab mantilla tichel
🤵	person in tuxedo	man couple marriage wedding groom male men suit
🤵‍♂️	man in tuxedo	formal fashion groom male men person suit wedding
🤵‍♀️	woman in tuxedo	formal fashion female wedding women
👰	person with veil	bride couple marriage wedding woman
👰‍♂️	man with veil	wedding marriage bride male men
👰‍♀️	woman with veil	wedding marriage bride female women
🤰	pregnant woman	baby female pregnancy lady women
🫃	pregnant man	baby belly bloated full
🫄	pregnant person	baby belly bloated full
🤱	breast-feeding	nursing baby breastfeeding child female infant milk mother woman women
👩‍🍼	woman feeding baby	birth food bottle child female infant milk nursing women
👨‍🍼	man feeding baby	birth food bottle child infant male men milk nursing
🧑‍🍼	person feeding baby	birth food bottle child infant milk nursing
👼	baby angel	heaven wings halo cherub cupid face fairy fantasy putto tale
🎅	santa claus	festival man male xmas father christmas activity celebration men nicholas
🤶	mrs. claus	woman female xmas mother christmas activity celebration santa women
🧑‍🎄	mx claus	christmas activity celebration santa
🦸	superhero	marvel fantasy good hero heroine superpower superpowers
🦸‍♂️	man superhero	male good hero superpowers fantasy men superpower
🦸‍♀️	woman superhero	female good heroine superpowers fantasy hero superpower women
🦹	supervillain	marvel bad criminal evil fantasy superpower superpowers villain
🦹‍♂️	man supervillain	male evil bad criminal hero superpowers fantasy men superpower villain
🦹‍♀️	woman supervillain	female evil bad criminal heroine superpowers fantasy superpower villain women
🧙	mage	magic fantasy sorcerer sorceress witch wizard
🧙‍♂️	man mage	male sorcerer fantasy men wizard
🧙‍♀️	woman mage	female witch fantasy sorceress wizard women
🧚	fairy	wings magical fantasy oberon puck titania
🧚‍♂️	man fairy	male fantasy men oberon puck
🧚‍♀️	woman fairy	female fantasy titania wings women
🧛	vampire	blood twilight dracula fantasy undead
🧛‍♂️	man vampire	male dracula fantasy men undead
🧛‍♀️	woman vampire	female fantasy undead unded women
🧜	merperson	sea fantasy merboy mergirl mermaid merman merwoman
🧜‍♂️	merman	man male triton fantasy men mermaid
🧜‍♀️	mermaid	woman female merwoman ariel fantasy women
🧝	elf	magical ears fantasy legolas pointed
🧝‍♂️	man elf	male ears fantasy magical men pointed
🧝‍♀️	woman elf	female ears fantasy magical pointed women
🧞	genie	magical wishes djinn djinni fantasy jinni
🧞‍♂️	man genie	male djinn fantasy men
🧞‍♀️	woman genie	female djinn fantasy women
🧟	zombie	dead fantasy undead walking
🧟‍♂️	man zombie	male dracula undead walking dead fantasy men
🧟‍♀️	woman zombie	female undead walking dead fantasy women
🧌	troll	mystical monster fairy fantasy tale shrek
🫈	hairy creature	sasquatch bigfoot treeman
💆	person getting massage	relax face head massaging salon spa
💆‍♂️	man getting massage	male boy head face men salon spa
💆‍♀️	woman getting massage	female girl head face salon spa women
💇	person getting haircut	hairstyle barber beauty cutting hair hairdresser parlor
💇‍♂️	man getting haircut	male boy barber beauty men parlor
💇‍♀️	woman getting haircut	female girl barber beauty parlor women
🚶	person walking	move hike pedestrian walk walker
🚶‍♂️	man walking	human feet steps hike male men pedestrian walk
🚶‍♀️	woman walking	human feet steps female hike pedestrian walk women
🚶‍➡️	person walking facing right	peerson exercise
🚶‍♀️‍➡️	woman walking facing right	person exercise
🚶‍♂️‍➡️	man walking facing right	person exercise
🧍	person standing	still stand
🧍‍♂️	man standing	still male men stand
🧍‍♀️	woman standing	still female stand women
🧎	person kneeling	pray respectful kneel
🧎‍♂️	man kneeling	pray respectful kneel male men
🧎‍♀️	woman kneeling	respectful pray female kneel women
🧎‍➡️	person kneeling facing right	pray
🧎‍♀️‍➡️	woman kneeling facing right	pray worship
🧎‍♂️‍➡️	man kneeling facing right	pray worship
🧑‍🦯	person with white cane	probing blind accessibility
🧑‍🦯‍➡️	person with white cane facing right	walk visually impaired blind
👨‍🦯	man with white cane	probing blind accessibility male men
👨‍🦯‍➡️	man with white cane facing right	visually impaired blind walk stick
👩‍🦯	woman with white cane	probing blind accessibility female women
👩‍🦯‍➡️	woman with white cane facing right	stick visually impaired blind
🧑‍🦼	person in motorized wheelchair	disability accessibility
🧑‍🦼‍➡️	person in motorized wheelchair facing right	accessibility disability
👨‍🦼	man in motorized wheelchair	disability accessibility male men
👨‍🦼‍➡️	man in motorized wheelchair facing right	disability accessibility mobility
👩‍🦼	woman in motorized wheelchair	disability accessibility female women
👩‍🦼‍➡️	woman in motorized wheelchair facing right	mobility accessibility disability
🧑‍🦽	person in manual wheelchair	disability accessibility
🧑‍🦽‍➡️	person in manual wheelchair facing right	mobility accessibility disability
👨‍🦽	man in manual wheelchair	disability accessibility male men
👨‍🦽‍➡️	man in manual wheelchair facing right	mobility accessibility disability
👩‍🦽	woman in manual wheelchair	disability accessibility female women
👩‍🦽‍➡️	woman in manual wheelchair facing right	disability mobility accessibility
🏃	person running	move exercise jogging marathon run runner workout
🏃‍♂️	man running	walking exercise race male marathon men racing runner workout
🏃‍♀️	woman running	walking exercise race female boy marathon racing runner women workout
🏃‍➡️	person running facing right	exercise jog
🏃‍♀️‍➡️	woman running facing right	exercise jog
🏃‍♂️‍➡️	man running facing right	jog exercise
🧑‍🩰	ballet dancer
💃	woman dancing	female girl fun dance dancer dress red salsa women
🕺	man dancing	male boy fun dancer dance disco men
🕴️	person in suit levitating	man business levitate hover jump boy hovering jabsco male men
👯	people with bunny ears	perform costume dancer dancing ear partying wearing women
👯‍♂️	men with bunny ears	male boys dancer dancing ear man partying wearing
👯‍♀️	women with bunny ears	female girls dancer dancing ear partying people wearing
🧖	person in steamy room	relax spa hamam sauna steam steambath
🧖‍♂️	man in steamy room	male spa steamroom sauna hamam men steam steambath
🧖‍♀️	woman in steamy room	female spa steamroom sauna hamam steam steambath women
🧗	person climbing	sport bouldering climber rock
🧗‍♂️	man climbing	sports hobby male rock bouldering climber men
🧗‍♀️	woman climbing	sports hobby female rock bouldering climber women
🤺	person fencing	sports sword fencer
🏇	horse racing	animal betting competition gambling luck jockey race racehorse
⛷️	skier	sports winter snow ski
🏂	snowboarder	sports winter ski snow snowboard snowboarding
🏌️	person golfing	sports business ball club golf golfer
🏌️‍♂️	man golfing	sport ball golf golfer male men
🏌️‍♀️	woman golfing	sports business female ball golf golfer women
🏄	person surfing	sport sea surf surfer
🏄‍♂️	man surfing	sports ocean sea summer beach male men surfer
🏄‍♀️	woman surfing	sports ocean sea summer beach female surfer women
🚣	person rowing boat	sport move paddles rowboat vehicle
🚣‍♂️	man rowing boat	sports hobby water ship male men rowboat vehicle
🚣‍♀️	woman rowing boat	sports hobby water ship female rowboat vehicle women
🏊	person swimming	sport pool swim swimmer
🏊‍♂️	man swimming	sports exercise human athlete water summer male men swim swimmer
🏊‍♀️	woman swimming	sports exercise human athlete water summer female swim swimmer women
⛹️	person bouncing ball	sports human basketball player
⛹️‍♂️	man bouncing ball	sport basketball male men player
⛹️‍♀️	woman bouncing ball	sports human female basketball player women
🏋️	person lifting weights	sports training exercise bodybuilder gym lifter weight weightlifter workout
🏋️‍♂️	man lifting weights	sport gym lifter male men weight weightlifter workout
🏋️‍♀️	woman lifting weights	sports training exercise female gym lifter weight weightlifter women workout
🚴	person biking	bicycle bike cyclist sport move bicyclist
🚴‍♂️	man biking	bicycle bike cyclist sports exercise hipster bicyclist male men
🚴‍♀️	woman biking	bicycle bike cyclist sports exercise hipster female bicyclist women
🚵	person mountain biking	bicycle bike cyclist sport move bicyclist biker
🚵‍♂️	man mountain biking	bicycle bike cyclist transportation sports human race bicyclist biker male
🚵‍♀️	woman mountain biking	bicycle bike cyclist transportation sports human race female bicyclist biker
🤸	person cartwheeling	sport gymnastic cartwheel doing gymnast gymnastics
🤸‍♂️	man cartwheeling	gymnastics cartwheel doing male men
🤸‍♀️	woman cartwheeling	gymnastics cartwheel doing female women
🤼	people wrestling	sport wrestle wrestler wrestlers
🤼‍♂️	men wrestling	sports wrestlers male man wrestle wrestler
🤼‍♀️	women wrestling	sports wrestlers female woman wrestle wrestler
🤽	person playing water polo	sport
🤽‍♂️	man playing water polo	sports pool male men
🤽‍♀️	woman playing water polo	sports pool female women
🤾	person playing handball	sport ball
🤾‍♂️	man playing handball	sports ball male men
🤾‍♀️	woman playing handball	sports ball female women
🤹	person juggling	performance balance juggle juggler multitask skill
🤹‍♂️	man juggling	juggle balance skill multitask juggler male men
🤹‍♀️	woman juggling	juggle balance skill multitask female juggler women
🧘	person in lotus position	meditate meditation serenity yoga
🧘‍♂️	man in lotus position	male meditation yoga serenity zen mindfulness men
🧘‍♀️	woman in lotus position	female meditation yoga serenity zen mindfulness women
🛀	person taking bath	clean shower bathroom bathing bathtub hot
🛌	person in bed	rest accommodation hotel sleep sleeping
🧑‍🤝‍🧑	people holding hands	friendship couple date gender hand hold inclusive neutral nonconforming
👭	women holding hands	pair friendship couple love like female people human date hand
👫	woman and man holding hands	pair people human love date dating like affection valentines marriage
👬	men holding hands	pair couple love like bromance friendship people human date gay
💏	kiss	pair valentines love like dating marriage couple couplekiss female gender
👩‍❤️‍💋‍👨	kiss woman, man	love couple couplekiss female heart kissing male men romance women
👨‍❤️‍💋‍👨	kiss man, man	pair valentines love like dating marriage couple couplekiss gay heart
👩‍❤️‍💋‍👩	kiss woman, woman	pair valentines love like dating marriage couple couplekiss female heart
💑	couple with heart	pair love like affection human dating valentines marriage female gender
👩‍❤️‍👨	couple with heart woman, man	love female male men romance women
👨‍❤️‍👨	couple with heart man, man	pair love like affection human dating valentines marriage gay lgbt
👩‍❤️‍👩	couple with heart woman, woman	pair love like affection human dating valentines marriage female lesbian
👨‍👩‍👦	family man, woman, boy	love father mother son
👨‍👩‍👧	family man, woman, girl	home parents people human child daughter father female male men
👨‍👩‍👧‍👦	family man, woman, girl, boy	home parents people human children child daughter father female male
👨‍👩‍👦‍👦	family man, woman, boy, boy	home parents people human children child father female male men
👨‍👩‍👧‍👧	family man, woman, girl, girl	home parents people human children child daughters father female male
👨‍👨‍👦	family man, man, boy	home parents people human children child father fathers gay lgbt
👨‍👨‍👧	family man, man, girl	home parents people human children child daughter father fathers gay
👨‍👨‍👧‍👦	family man, man, girl, boy	home parents people human children child daughter father fathers gay
👨‍👨‍👦‍👦	family man, man, boy, boy	home parents people human children child father fathers gay lgbt
👨‍👨‍👧‍👧	family man, man, girl, girl	home parents people human children child daughters father fathers gay
👩‍👩‍👦	family woman, woman, boy	home parents people human children child female lesbian lgbt mother
👩‍👩‍👧	family woman, woman, girl	home parents people human children child daughter female lesbian lgbt
👩‍👩‍👧‍👦	family woman, woman, girl, boy	home parents people human children child daughter female lesbian lgbt
👩‍👩‍👦‍👦	family woman, woman, boy, boy	home parents people human children child female lesbian lgbt mother
👩‍👩‍👧‍👧	family woman, woman, girl, girl	home parents people human children child daughters female lesbian lgbt
👨‍👦	family man, boy	home parent people human child father male men son
👨‍👦‍👦	family man, boy, boy	home parent people human children child father male men sons
👨‍👧	family man, girl	home parent people human child daughter father female male
👨‍👧‍👦	family man, girl, boy	home parent people human children child daughter father male men
👨‍👧‍👧	family man, girl, girl	home parent people human children child daughters father female male
👩‍👦	family woman, boy	home parent people human child female mother son women
👩‍👦‍👦	family woman, boy, boy	home parent people human children child female mother sons two
👩‍👧	family woman, girl	home parent people human child daughter female mother women
👩‍👧‍👦	family woman, girl, boy	home parent people human children child daughter female male mother
👩‍👧‍👧	family woman, girl, girl	home parent people human children child daughters female mother two
🗣️	speaking head	user person human sing say talk face mansplaining shout shouting
👤	bust in silhouette	user person human shadow
👥	busts in silhouette	user person human group team bust people shadows silhouettes two
🫂	people hugging	care goodbye hello hug thanks
👪	family	home parents child mom dad father mother people human boy
🧑‍🧑‍🧒	family adult, adult, child	kid parents
🧑‍🧑‍🧒‍🧒	family adult, adult, child, child	children parents
🧑‍🧒	family adult, child	parent kid
🧑‍🧒‍🧒	family adult, child, child	parent children
👣	footprints	feet tracking walking beach body clothing footprint footsteps print tracks
🫆	fingerprint
# nature
🐵	monkey face	animal nature circus head
🐒	monkey	animal nature banana circus cheeky
🦍	gorilla	animal nature circus
🦧	orangutan	animal ape
🐶	dog face	animal friend nature woof puppy pet faithful
🐕	dog	animal nature friend doge pet faithful dog2 doggo
🦮	guide dog	animal blind accessibility eye seeing
🐕‍🦺	service dog	blind animal accessibility assistance
🐩	poodle	dog animal 101 nature pet miniature standard toy
🐺	wolf	animal nature wild face
🦊	fox	animal nature face
🦝	raccoon	animal nature curious face sly
🐱	cat face	animal meow nature pet kitten kitty
🐈	cat	animal meow pet cats cat2 domestic feline housecat
🐈‍⬛	black cat	superstition luck halloween pet unlucky
🦁	lion	animal nature face leo zodiac
🐯	tiger face	animal cat danger wild nature roar cute
🐅	tiger	animal nature roar bengal tiger2
🐆	leopard	animal nature african jaguar
🐴	horse face	animal brown nature head
🫎	moose	canada sweden sven cool
🫏	donkey	eeyore mule
🐎	horse	animal gamble luck equestrian galloping racehorse racing speed
🦄	unicorn	animal nature mystical face
🦓	zebra	animal nature stripes safari face stripe
🦌	deer	animal nature horns venison buck reindeer stag
🦬	bison	ox buffalo herd wisent
🐮	cow face	beef ox animal nature moo milk happy
🐂	ox	animal cow beef bull bullock oxen steer taurus zodiac
🐃	water buffalo	animal nature ox cow domestic
🐄	cow	beef ox animal nature moo milk cow2 dairy
🐷	pig face	animal oink nature head
🐖	pig	animal nature hog pig2 sow
🐗	boar	animal nature pig warthog wild
🐽	pig nose	animal oink face snout
🐏	ram	animal sheep nature aries male zodiac
🐑	ewe	animal nature wool shipit female lamb sheep
🐐	goat	animal nature capricorn zodiac
🐪	camel	animal hot desert hump arabian bump dromedary one
🐫	two-hump camel	animal nature hot desert asian bactrian bump
🦙	llama	animal nature alpaca guanaco vicuña wool
🦒	giraffe	animal nature spots safari face
🐘	elephant	animal nature nose th circus
🦣	mammoth	elephant tusks extinct extinction large tusk woolly
🦏	rhinoceros	animal nature horn rhino
🦛	hippopotamus	animal nature hippo
🐭	mouse face	animal nature cheese wedge rodent
🐁	mouse	animal nature rodent dormouse mice mouse2
🐀	rat	animal mouse rodent
🐹	hamster	animal nature face pet
🐰	rabbit face	animal nature pet spring magic bunny easter
🐇	rabbit	animal nature pet magic spring bunny rabbit2
🐿️	chipmunk	animal nature rodent squirrel
🦫	beaver	animal rodent dam
🦔	hedgehog	animal nature spiny face
🦇	bat	animal nature blind vampire batman
🐻	bear	animal nature wild face teddy
🐻‍❄️	polar bear	animal arctic face white
🐨	koala	animal nature bear face marsupial
🐼	panda	animal nature face
🦥	sloth	animal lazy slow
🦦	otter	animal fishing playful
🦨	skunk	animal smelly stink
🦘	kangaroo	animal nature australia joey hop marsupial jump roo
🦡	badger	animal nature honey pester
🐾	paw prints	animal tracking footprints dog cat pet feet kitten print puppy
🦃	turkey	animal bird thanksgiving wild
🐔	chicken	animal cluck nature bird hen
🐓	rooster	animal nature chicken bird cock cockerel
🐣	hatching chick	animal chicken egg born baby bird
🐤	baby chick	animal chicken bird yellow
🐥	front-facing baby chick	animal chicken bird hatched standing
🐦	bird	animal nature fly tweet spring
🐧	penguin	animal nature bird
🕊️	dove	animal bird fly peace
🦅	eagle	animal nature bird bald
🦆	duck	animal nature bird mallard
🦢	swan	animal nature bird cygnet duckling ugly
🦉	owl	animal nature bird hoot wise
🦤	dodo	animal bird extinct extinction large mauritius obsolete
🪶	feather	bird fly flight light plumage
🦩	flamingo	animal flamboyant tropical
🦚	peacock	animal nature peahen bird ostentatious proud
🦜	parrot	animal nature bird pirate talk
🪽	wing	angel birds flying fly
🐦‍⬛	black bird	crow
🪿	goose	silly jemima goosebumps honk
🐦‍🔥	phoenix	immortal bird mythtical reborn
🐸	frog	animal nature croak toad face
🐊	crocodile	animal nature reptile lizard alligator croc
🐢	turtle	animal slow nature tortoise terrapin
🦎	lizard	animal nature reptile gecko
🐍	snake	animal evil nature hiss python bearer ophiuchus serpent zodiac
🐲	dragon face	animal myth nature chinese green fairy head tale
🐉	dragon	animal myth nature chinese green fairy tale
🦕	sauropod	animal nature dinosaur brachiosaurus brontosaurus diplodocus extinct
🦖	t-rex	animal nature dinosaur tyrannosaurus extinct trex
🐳	spouting whale	animal nature sea ocean cute face
🐋	whale	animal nature sea ocean whale2
🐬	dolphin	animal nature fish sea ocean flipper fins beach
🫍	orca	ocean whale dolphin animal
🦭	seal	animal creature sea lion
🐟	fish	animal food nature freshwater pisces zodiac
🐠	tropical fish	animal swim ocean beach nemo blue yellow
🐡	blowfish	animal nature food sea ocean fish fugu pufferfish
🦈	shark	animal nature fish sea ocean jaws fins beach great white
🐙	octopus	animal creature ocean sea nature beach
🐚	spiral shell	nature sea beach seashell
🪸	coral	ocean sea reef
🪼	jellyfish	sting tentacles
🦀	crab	animal crustacean cancer zodiac
🦞	lobster	animal nature bisque claws seafood
🦐	shrimp	animal ocean nature seafood food prawn shellfish small
🦑	squid	animal nature ocean sea food molusc
🦪	oyster	food diving pearl
🐌	snail	slow animal shell garden slug
🦋	butterfly	animal insect nature caterpillar pretty
🐛	bug	animal insect nature worm caterpillar
🐜	ant	animal insect nature bug
🐝	honeybee	animal insect nature bug spring honey bee bumblebee
🪲	beetle	insect bug
🐞	lady beetle	animal insect nature ladybug bug ladybird
🦗	cricket	animal chirp grasshopper insect orthoptera
🪳	cockroach	insect pests pest roach
🕷️	spider	animal arachnid insect
🕸️	spider web	animal insect arachnid silk cobweb spiderweb
🦂	scorpion	animal arachnid scorpio scorpius zodiac
🦟	mosquito	animal nature insect malaria disease fever pest virus
🪰	fly	insect disease maggot pest rotting
🪱	worm	animal annelid earthworm parasite
🦠	microbe	amoeba bacteria germs virus covid cell coronavirus germ microorganism
💐	bouquet	flowers nature spring flower plant romance
🌸	cherry blossom	nature plant spring flower pink sakura
💮	white flower	japanese spring blossom cherry doily done paper stamp well
🪷	lotus	flower calm meditation buddhism hinduism india purity vietnam
🏵️	rosette	flower decoration military plant
🌹	rose	flowers valentines love spring flower plant red
🥀	wilted flower	plant nature rose dead drooping
🌺	hibiscus	plant vegetable flowers beach flower
🌻	sunflower	nature plant fall flower sun yellow
🌼	blossom	nature flowers yellow blossoming flower daisy plant
🌷	tulip	flowers plant nature summer spring flower
🪻	hyacinth	flower lavender
🌱	seedling	plant nature grass lawn spring sprout sprouting young seed
🪴	potted plant	greenery house boring grow houseplant nurturing useless
🌲	evergreen tree	plant nature fir pine wood
🌳	deciduous tree	plant nature rounded shedding wood
🌴	palm tree	plant vegetable nature summer beach mojito tropical coconut
🌵	cactus	vegetable plant nature desert
🌾	sheaf of rice	nature plant crop ear farming grain wheat
🌿	herb	vegetable plant medicine weed grass lawn crop leaf
☘️	shamrock	vegetable plant nature irish clover trefoil
🍀	four leaf clover	vegetable plant nature lucky irish ireland luck
🍁	maple leaf	nature plant vegetable ca fall canada canadian falling
🍂	fallen leaf	nature plant vegetable leaves autumn brown fall falling
🍃	leaf fluttering in wind	nature plant tree vegetable grass lawn spring blow flutter green
🪹	empty nest	bird nesting
🪺	nest with eggs	bird nesting
🍄	mushroom	plant vegetable fungus shroom toadstool
🪾	leafless tree
# food
🍇	grapes	fruit food wine grape plant
🍈	melon	fruit nature food cantaloupe honeydew muskmelon plant
🍉	watermelon	fruit food picnic summer plant
🍊	tangerine	food fruit nature orange mandarin plant
🍋	lemon	fruit nature citrus lemonade plant
🍋‍🟩	lime	fruit acidic citric
🍌	banana	fruit food monkey plant plantain
🍍	pineapple	fruit nature food plant
🥭	mango	fruit food tropical
🍎	red apple	fruit mac school delicious plant
🍏	green apple	fruit nature delicious golden granny plant smith
🍐	pear	fruit nature food plant
🍑	peach	fruit nature food bottom butt plant
🍒	cherries	food fruit berries cherry plant red wild
🍓	strawberry	fruit food nature berry plant
🫐	blueberries	fruit berry bilberry blue blueberry
🥝	kiwi fruit	food chinese gooseberry kiwifruit
🍅	tomato	fruit vegetable nature food plant
🫒	olive	fruit food olives
🥥	coconut	fruit nature food palm cocoanut colada piña
🥑	avocado	fruit food
🍆	eggplant	vegetable nature food aubergine phallic plant purple
🥔	potato	food tuber vegatable starch baked idaho vegetable
🥕	carrot	vegetable food orange
🌽	ear of corn	food vegetable plant cob maize maze
🌶️	hot pepper	food spicy chilli chili plant
🫑	bell pepper	fruit plant capsicum vegetable
🥒	cucumber	fruit food pickle gherkin vegetable
🥬	leafy green	food vegetable plant bok choy cabbage kale lettuce chinese cos
🥦	broccoli	fruit food vegetable cabbage wild
🧄	garlic	food spice cook flavoring plant vegetable
🧅	onion	cook food spice flavoring plant vegetable
🥜	peanuts	food nut nuts peanut vegetable
🫘	beans	food kidney legume
🌰	chestnut	food squirrel acorn nut plant
🫚	ginger root	spice yellow cooking gingerbread
🫛	pea pod	cozy green
🍄‍🟫	brown mushroom	toadstool fungus
🫜	root vegetable	radish
🍞	bread	food wheat breakfast toast loaf
🥐	croissant	food bread french breakfast crescent roll
🥖	baguette bread	food french france bakery
🫓	flatbread	flour food bakery arepa bread flat lavash naan pita
🥨	pretzel	food bread twisted germany bakery soft twist
🥯	bagel	food bread bakery schmear jewish breakfast cheese cream
🥞	pancakes	food breakfast flapjacks hotcakes brunch crêpe crêpes hotcake pancake
🧇	waffle	food breakfast brunch indecisive iron
🧀	cheese wedge	food chadder swiss
🍖	meat on bone	good food drumstick barbecue bbq manga
🍗	poultry leg	food meat drumstick bird chicken turkey bone
🥩	cut of meat	food cow chop lambchop porkchop steak
🥓	bacon	food breakfast pork pig meat brunch rashers
🍔	hamburger	meat fast food beef cheeseburger mcdonalds burger king
🍟	french fries	chips snack fast food potato mcdonald
🍕	pizza	food party italy cheese pepperoni slice
🌭	hot dog	food frankfurter america hotdog redhot sausage wiener
🥪	sandwich	food lunch bread toast bakery cheese deli meat vegetables
🌮	taco	food mexican
🌯	burrito	food mexican wrap
🫔	tamale	food masa mexican tamal wrapped
🥙	stuffed flatbread	food gyro mediterranean doner falafel kebab pita sandwich shawarma
🧆	falafel	food mediterranean chickpea falfel meatball
🥚	egg	food chicken breakfast easter
🍳	cooking	food breakfast kitchen egg skillet fried frying pan
🥘	shallow pan of food	cooking casserole paella skillet curry
🍲	pot of food	meat soup hot bowl stew
🫕	fondue	cheese pot food chocolate melted swiss
🥣	bowl with spoon	food breakfast cereal oatmeal porridge congee tableware
🥗	green salad	food healthy lettuce vegetable
🍿	popcorn	food movie theater films snack drama corn popping
🧈	butter	food cook dairy
🧂	salt	condiment shaker
🥫	canned food	soup tomatoes can preserve tin tinned
🍱	bento box	food japanese lunch assets
🍘	rice cracker	food japanese snack senbei
🍙	rice ball	food japanese onigiri omusubi
🍚	cooked rice	food asian boiled bowl steamed
🍛	curry rice	food spicy hot indian
🍜	steaming bowl	food japanese noodle chopsticks ramen noodles soup
🍝	spaghetti	food italian pasta noodle
🍠	roasted sweet potato	food nature plant goguma yam
🍢	oden	skewer food japanese kebab seafood stick
🍣	sushi	food fish japanese rice sashimi seafood
🍤	fried shrimp	food animal appetizer summer prawn tempura
🍥	fish cake with swirl	food japan sea beach narutomaki pink kamaboko surimi ramen design
🥮	moon cake	food autumn dessert festival mooncake yuèbǐng
🍡	dango	food dessert sweet japanese barbecue meat balls green pink skewer
🥟	dumpling	food empanada pierogi potsticker gyoza gyōza jiaozi
🥠	fortune cookie	food prophecy dessert
🥡	takeout box	food leftovers chinese container out oyster pail take
🍦	soft ice cream	food hot dessert summer icecream mr serve sweet whippy
🍧	shaved ice	hot dessert summer cone snow sweet
🍨	ice cream	food hot dessert bowl sweet
🍩	doughnut	food dessert snack sweet donut breakfast
🍪	cookie	food snack oreo chocolate sweet dessert biscuit chip
🎂	birthday cake	food dessert candles celebration party pastry sweet
🍰	shortcake	food dessert cake pastry piece slice strawberry sweet
🧁	cupcake	food dessert bakery sweet cake fairy pastry
🥧	pie	food dessert pastry filling sweet
🍫	chocolate bar	food snack dessert sweet candy
🍬	candy	snack dessert sweet lolly
🍭	lollipop	food snack candy sweet dessert lollypop sucker
🍮	custard	dessert food pudding flan caramel creme sweet
🍯	honey pot	bees sweet kitchen honeypot
🍼	baby bottle	food container milk drink feeding
🥛	glass of milk	beverage drink cow
☕	hot beverage	caffeine latte espresso coffee mug cafe chocolate drink steaming tea
🫖	teapot	drink hot kettle pot tea
🍵	teacup without handle	drink bowl breakfast green british beverage cup matcha tea
🍶	sake	wine drink drunk beverage japanese alcohol booze bar bottle cup
🍾	bottle with popping cork	drink wine celebration bar bubbly champagne party sparkling
🍷	wine glass	drink beverage drunk alcohol booze bar red
🍸	cocktail glass	drink drunk alcohol beverage booze mojito bar martini
🍹	tropical drink	beverage cocktail summer beach alcohol booze mojito bar fruit punch
🍺	beer mug	relax beverage drink drunk party pub summer alcohol booze bar
🍻	clinking beer mugs	relax beverage drink drunk party pub summer alcohol booze bar
🥂	clinking glasses	beverage drink party alcohol celebrate cheers wine champagne toast celebration
🥃	tumbler glass	drink beverage drunk alcohol liquor booze bourbon scotch whisky shot
🫗	pouring liquid	cup water drink empty glass spill
🥤	cup with straw	drink soda go juice malt milkshake pop smoothie soft tableware
🧋	bubble tea	taiwan boba milk straw momi pearl tapioca
🧃	beverage box	drink juice straw sweet
🧉	mate	drink tea beverage bombilla chimarrão cimarrón maté yerba
🧊	ice	water cold cube iceberg
🥢	chopsticks	food hashi jeotgarak kuaizi
🍽️	fork and knife with plate	food eat meal lunch dinner restaurant cooking cutlery dining tableware
🍴	fork and knife	cutlery kitchen cooking silverware tableware
🥄	spoon	cutlery kitchen tableware
🔪	kitchen knife	blade cutlery weapon butchers chop cooking cut hocho tool
🫙	jar	container sauce condiment empty store
🏺	amphora	vase jar aquarius cooking drink jug tool zodiac
# places
🌍	globe showing europe-africa	world earth international planet
🌎	globe showing americas	world usa earth international planet
🌏	globe showing asia-australia	world east earth international planet
🌐	globe with meridians	earth international world internet interweb i18n global web wide www
🗺️	world map	location direction travel
🗾	map of japan	nation country japanese asia silhouette
🧭	compass	magnetic navigation orienteering
🏔️	snow-capped mountain	photo nature environment winter cold
⛰️	mountain	photo nature environment
🛘	landslide	disaster accident
🌋	volcano	photo nature disaster eruption mountain weather
🗻	mount fuji	photo mountain nature japanese capped san snow
🏕️	camping	photo outdoors tent campsite
🏖️	beach with umbrella	weather summer sunny sand mojito
🏜️	desert	photo warm saharah
🏝️	desert island	photo tropical mojito
🏞️	national park	photo environment nature
🏟️	stadium	photo place sports concert venue grandstand sport
🏛️	classical building	art culture history
🏗️	building construction	wip working progress crane architectural
🧱	brick	bricks clay construction mortar wall infrastructure
🪨	rock	stone boulder construction heavy solid
🪵	wood	nature timber trunk construction log lumber
🛖	hut	house structure roundhouse yurt
🏘️	houses	buildings photo building group house
🏚️	derelict house	abandon evict broken building abandoned haunted old
🏠	house	building home
🏡	house with garden	home plant nature building tree
🏢	office building	bureau work city high rise
🏣	japanese post office	building envelope communication japan mark postal
🏤	post office	building email european
🏥	hospital	building health surgery doctor cross emergency medical medicine red room
🏦	bank	building money sales cash business enterprise bakkureru bk branch
🏨	hotel	building accomodation checkin accommodation
🏩	love hotel	like affection dating building heart hospital
🏪	convenience store	building shopping groceries corner eleven hour kwik mart shop
🏫	school	building student education learn teach clock elementary high middle tower
🏬	department store	building shopping mall center shops
🏭	factory	building industry pollution smoke industrial smog
🏯	japanese castle	photo building fortress
🏰	castle	building royalty history european turrets
💒	wedding	love like affection couple marriage bride groom activity chapel church
🗼	tokyo tower	photo japanese eiffel red
🗽	statue of liberty	american newyork new york
⛪	church	building religion christ christian cross
🕌	mosque	islam worship minaret domed muslim religion roof
🛕	hindu temple	religion
🕍	synagogue	judaism worship temple jewish jew religion synagog
⛩️	shinto shrine	temple japan kyoto kami michi no religion
🕋	kaaba	mecca mosque islam muslim religion
⛲	fountain	photo summer water fresh feature park
⛺	tent	photo camping outdoors
🌁	foggy	photo mountain bridge city fog karl under weather
🌃	night with stars	evening city downtown star starry weather
🏙️	cityscape	photo night life urban building city skyline
🌄	sunrise over mountains	view vacation photo morning mountain sun weather
🌅	sunrise	morning view vacation photo sun sunset weather
🌆	cityscape at dusk	photo evening sky buildings building city landscape orange sun sunset
🌇	sunset	photo good morning dawn building buildings city dusk over sun
🌉	bridge at night	photo sanfrancisco gate golden weather
♨️	hot springs	bath warm relax hotsprings onsen steam steaming
🎠	carousel horse	photo carnival activity entertainment fairground go merry round
🛝	playground slide	fun park amusement play
🎡	ferris wheel	photo carnival londoneye activity amusement big entertainment fairground observation park
🎢	roller coaster	carnival playground photo fun activity amusement entertainment park rollercoaster theme
💈	barber pole	hair salon style haircut hairdresser shop stripes
🎪	circus tent	festival carnival party activity big entertainment top
🚂	locomotive	transportation vehicle train engine railway steam
🚃	railway car	transportation vehicle carriage electric railcar railroad train tram trolleybus wagon
🚄	high-speed train	transportation vehicle bullettrain railway shinkansen side
🚅	bullet train	transportation vehicle speed fast public travel bullettrain front high nose
🚆	train	transportation vehicle diesel electric passenger railway regular train2
🚇	metro	transportation blue square mrt underground tube subway train vehicle
🚈	light rail	transportation vehicle railway
🚉	station	transportation vehicle public platform railway train
🚊	tram	transportation vehicle trolleybus
🚝	monorail	transportation vehicle
🚞	mountain railway	transportation vehicle car funicular train
🚋	tram car	transportation vehicle carriage public travel train trolleybus
🚌	bus	car vehicle transportation school
🚍	oncoming bus	vehicle transportation front
🚎	trolleybus	bart transportation vehicle bus electric tram trolley
🚐	minibus	vehicle car transportation bus minivan mover people
🚑	ambulance	health 911 hospital vehicle
🚒	fire engine	transportation cars vehicle department truck
🚓	police car	vehicle cars transportation law legal enforcement cop patrol side
🚔	oncoming police car	vehicle law legal enforcement 911 front of cop
🚕	taxi	uber vehicle cars transportation new side taxicab york
🚖	oncoming taxi	vehicle cars uber front taxicab
🚗	automobile	red transportation vehicle car side
🚘	oncoming automobile	car vehicle transportation front
🚙	sport utility vehicle	transportation blue campervan car motorhome recreational rv
🛻	pickup truck	car transportation vehicle
🚚	delivery truck	cars transportation vehicle resources
🚛	articulated lorry	vehicle cars transportation express green semi truck
🚜	tractor	vehicle car farming agriculture farm
🏎️	racing car	sports race fast formula f1 one
🏍️	motorcycle	race sports fast motorbike racing
🛵	motor scooter	vehicle vespa sasha bike cycle
🦽	manual wheelchair	accessibility
🦼	motorized wheelchair	accessibility
🛺	auto rickshaw	move transportation tuk
🚲	bicycle	bike sports exercise hipster push vehicle
🛴	kick scooter	vehicle razor
🛹	skateboard	board skate
🛼	roller skate	footwear sports derby inline
🚏	bus stop	transportation wait busstop
🛣️	motorway	road cupertino interstate highway
🛤️	railway track	train transportation
🛢️	oil drum	barrell
⛽	fuel pump	gas station petroleum diesel fuelpump petrol
🛞	wheel	car transport circle tire turn
🚨	police car light	ambulance 911 emergency alert error pinged law legal beacon cars
🚥	horizontal traffic light	transportation signal
🚦	vertical traffic light	transportation driving semaphore signal
🛑	stop sign	octagonal
🚧	construction	wip progress caution warning barrier black roadwork sign striped yellow
⚓	anchor	ship ferry sea boat admiralty fisherman pattern tool
🛟	ring buoy	life saver preserver float rescue safety
⛵	sailboat	ship summer transportation water sailing boat dinghy resort sea vehicle
🛶	canoe	boat paddle water ship
🚤	speedboat	ship transportation vehicle summer boat motorboat powerboat
🛳️	passenger ship	yacht cruise ferry vehicle
⛴️	ferry	boat ship yacht passenger
🛥️	motor boat	ship motorboat vehicle
🚢	ship	transportation titanic deploy boat cruise passenger vehicle
✈️	airplane	vehicle transportation flight fly aeroplane plane
🛩️	small airplane	flight transportation fly vehicle aeroplane plane
🛫	airplane departure	airport flight landing aeroplane departures off plane taking vehicle
🛬	airplane arrival	airport flight boarding aeroplane arrivals arriving landing plane vehicle
🪂	parachute	fly glide hang parasail skydive
💺	seat	sit airplane transport bus flight fly aeroplane chair train
🚁	helicopter	transportation vehicle fly
🚟	suspension railway	vehicle transportation
🚠	mountain cableway	transportation vehicle ski cable gondola
🚡	aerial tramway	transportation vehicle ski cable car gondola ropeway
🛰️	satellite	communication gps orbit spaceflight nasa iss artificial space vehicle
🚀	rocket	launch ship staffmode nasa outer space fly shuttle vehicle deploy
🛸	flying saucer	transportation vehicle ufo alien extraterrestrial fantasy space
🛎️	bellhop bell	service hotel
🧳	luggage	packing travel suitcase
⌛	hourglass done	time clock oldschool limit exam quiz test sand timer
⏳	hourglass not done	oldschool time countdown flowing sand timer
⌚	watch	time accessories apple clock timepiece wrist wristwatch
⏰	alarm clock	time wake morning
⏱️	stopwatch	time deadline clock
⏲️	timer clock	alarm
🕰️	mantelpiece clock	time
🕛	twelve o’clock	12 00 0000 1200 time noon midnight midday late early
🕧	twelve-thirty	00 30 0030 12 1230 time late early schedule clock
🕐	one o’clock	00 100 13 1300 time late early schedule clock1 face
🕜	one-thirty	30 130 13 1330 time late early schedule clock clock130
🕑	two o’clock	00 200 14 1400 time late early schedule clock2 face
🕝	two-thirty	30 230 14 1430 time late early schedule clock clock230
🕒	three o’clock	00 300 15 1500 time late early schedule clock3 face
🕞	three-thirty	30 330 15 1530 time late early schedule clock clock330
🕓	four o’clock	00 400 16 1600 time late early schedule clock4 face
🕟	four-thirty	30 430 16 1630 time late early schedule clock clock430
🕔	five o’clock	00 500 17 1700 time late early schedule clock5 face
🕠	five-thirty	30 530 17 1730 time late early schedule clock clock530
🕕	six o’clock	00 600 18 1800 time late early schedule dawn dusk
🕡	six-thirty	30 630 18 1830 time late early schedule clock clock630
🕖	seven o’clock	00 700 19 1900 time late early schedule clock7 face
🕢	seven-thirty	30 730 19 1930 time late early schedule clock clock730
🕗	eight o’clock	00 800 20 2000 time late early schedule clock8 face
🕣	eight-thirty	30 830 20 2030 time late early schedule clock clock830
🕘	nine o’clock	00 900 21 2100 time late early schedule clock9 face
🕤	nine-thirty	30 930 21 2130 time late early schedule clock clock930
🕙	ten o’clock	10 00 1000 22 2200 time late early schedule clock10
🕥	ten-thirty	10 30 1030 22 2230 time late early schedule clock
🕚	eleven o’clock	11 00 1100 23 2300 time late early schedule clock11
🕦	eleven-thirty	11 30 1130 23 2330 time late early schedule clock
🌑	new moon	nature twilight planet space night evening sleep dark eclipse shadow
🌒	waxing crescent moon	nature twilight planet space night evening sleep symbol weather
🌓	first quarter moon	nature twilight planet space night evening sleep symbol weather
🌔	waxing gibbous moon	nature night sky gray twilight planet space evening sleep symbol
🌕	full moon	nature yellow twilight planet space night evening sleep symbol weather
🌖	waning gibbous moon	nature twilight planet space night evening sleep waxing symbol weather
🌗	last quarter moon	nature twilight planet space night evening sleep symbol weather
🌘	waning crescent moon	nature twilight planet space night evening sleep symbol weather
🌙	crescent moon	night sleep sky evening magic space weather
🌚	new moon face	nature twilight planet space night evening sleep creepy dark molester
🌛	first quarter moon face	nature twilight planet space night evening sleep weather
🌜	last quarter moon face	nature twilight planet space night evening sleep weather
🌡️	thermometer	weather temperature hot cold
☀️	sun	weather nature brightness summer beach spring black bright rays space
🌝	full moon face	nature twilight planet space night evening sleep bright moonface smiley
🌞	sun with face	nature morning sky bright smiley smiling space summer sunface weather
🪐	ringed planet	outerspace planets saturn saturnine space
⭐	star	night yellow gold medium white
🌟	glowing star	night sparkle awesome good magic glittery glow shining star2
🌠	shooting star	night photo activity falling meteoroid space stars upon when wish
🌌	milky way	photo space stars galaxy night sky universe weather
☁️	cloud	weather sky cloudy overcast
⛅	sun behind cloud	weather nature cloudy morning fall spring partly sunny
⛈️	cloud with lightning and rain	weather thunder
🌤️	sun behind small cloud	weather white
🌥️	sun behind large cloud	weather white
🌦️	sun behind rain cloud	weather white
🌧️	cloud with rain	weather
🌨️	cloud with snow	weather cold
🌩️	cloud with lightning	weather thunder
🌪️	tornado	weather cyclone twister cloud whirlwind
🌫️	fog	weather cloud
🌬️	wind face	gust air blow blowing cloud mother nature weather
🌀	cyclone	weather swirl blue cloud vortex spiral whirlpool spin tornado hurricane
🌈	rainbow	nature happy unicorn face photo sky spring gay lgbt pride
🌂	closed umbrella	weather rain drizzle clothing collapsed pink
☂️	umbrella	weather spring clothing open rain
☔	umbrella with rain drops	rainy weather spring clothing drop raining
⛱️	umbrella on ground	weather summer beach parasol rain sun
⚡	high voltage	thunder weather lightning bolt fast zap danger electric electricity sign
❄️	snowflake	winter season cold weather christmas xmas snow snowing
☃️	snowman	winter season cold weather christmas xmas frozen snow snowflakes snowing
⛄	snowman without snow	winter season cold weather christmas xmas frozen frosty olaf
☄️	comet	space
🔥	fire	hot cook flame burn lit snapstreak tool remove
💧	droplet	water drip faucet spring cold comic drop sweat weather
🌊	water wave	sea nature tsunami disaster beach ocean waves weather
# activities
🎃	jack-o-lantern	halloween light pumpkin creepy fall activity celebration entertainment gourd
🎄	christmas tree	festival vacation december xmas celebration activity entertainment
🎆	fireworks	photo festival carnival congratulations activity celebration entertainment explosion
🎇	sparkler	stars night shine activity celebration entertainment firework fireworks hanabi senko
🧨	firecracker	dynamite boom explode explosion explosive fireworks
✨	sparkles	stars shine shiny cool awesome good magic entertainment glitter sparkle
🎈	balloon	party celebration birthday circus activity entertainment red
🎉	party popper	congratulations birthday magic circus celebration tada activity entertainment hat hooray
🎊	confetti ball	festival party birthday circus activity celebration entertainment
🎋	tanabata tree	plant nature branch summer bamboo wish star festival tanzaku activity
🎍	pine decoration	japanese plant nature vegetable panda new years bamboo activity celebration
🎎	japanese dolls	toy kimono activity celebration doll entertainment festival hinamatsuri imperial
🎏	carp streamer	fish japanese koinobori banner activity celebration entertainment flag flags socks
🎐	wind chime	nature ding spring bell activity celebration entertainment furin jellyfish
🎑	moon viewing ceremony	photo japan asia tsukimi activity autumn celebration dumplings entertainment festival
🧧	red envelope	gift ang good hóngbāo lai luck money packet pao see
🎀	ribbon	decoration pink girl bowtie bow celebration
🎁	wrapped gift	present birthday christmas xmas box celebration entertainment
🎗️	reminder ribbon	sports cause support awareness celebration
🎟️	admission tickets	sports concert entrance entertainment ticket
🎫	ticket	event concert pass activity admission entertainment stub tour world
🎖️	military medal	award winning army celebration decoration medallion
🏆	trophy	win award contest place ftw ceremony championship prize winner winners
🏅	sports medal	award winning gold winner
🥇	1st place medal	award winning first gold
🥈	2nd place medal	award second silver
🥉	3rd place medal	award third bronze
⚽	soccer ball	sports football
⚾	baseball	sports balls ball softball
🥎	softball	sports balls ball game glove sport underarm
🏀	basketball	sports balls nba ball hoop orange
🏐	volleyball	sports balls ball game
🏈	american football	sports balls nfl ball gridiron superbowl
🏉	rugby football	sports team ball league union
🎾	tennis	sports balls green ball racket racquet
🥏	flying disc	sports frisbee ultimate game golf sport
🎳	bowling	sports fun play ball game pin pins skittles ten
🏏	cricket game	sports ball bat field
🏑	field hockey	sports ball game stick
🏒	ice hockey	sports game puck stick
🥍	lacrosse	sports ball stick game goal sport
🏓	ping pong	sports pingpong ball bat game paddle table tennis
🏸	badminton	sports birdie game racquet shuttlecock
🥊	boxing glove	sports fighting
🥋	martial arts uniform	judo karate taekwondo
🥅	goal net	sports catch
⛳	flag in hole	sports business summer golf
⛸️	ice skate	sports skating
🎣	fishing pole	food hobby summer entertainment fish rod
🤿	diving mask	sport ocean scuba snorkeling
🎽	running shirt	play pageant athletics marathon sash singlet
🎿	skis	sports winter cold snow boot ski skiing
🛷	sled	sleigh luge toboggan sledge
🥌	curling stone	sports game rock
🎯	bullseye	direct hit game play bar target activity archery bull dart
🪀	yo-yo	toy fluctuate yoyo
🪁	kite	wind fly soar toy
🔫	water pistol	violence weapon revolver gun handgun shoot squirt tool
🎱	pool 8 ball	hobby game luck magic 8ball billiard billiards cue eight snooker
🔮	crystal ball	disco party magic circus fortune teller clairvoyant fairy fantasy psychic
🪄	magic wand	supernature power witch wizard
🎮	video game	play console ps4 controller entertainment gamepad playstation wii xbox
🕹️	joystick	game play entertainment video
🎰	slot machine	bet gamble vegas fruit luck casino activity gambling game poker
🎲	game die	dice random tabletop play luck entertainment gambling
🧩	puzzle piece	interlocking clue jigsaw
🧸	teddy bear	plush stuffed plaything toy
🪅	piñata	pinata mexico candy celebration party
🪩	mirror ball	disco dance party glitter
🪆	nesting dolls	matryoshka toy doll russia russian
♠️	spade suit	poker cards suits magic black card game spades
♥️	heart suit	poker cards magic suits black card game hearts
♦️	diamond suit	poker cards magic suits black card diamonds game
♣️	club suit	poker cards magic suits black card clubs game
♟️	chess pawn	expendable black dupe game piece
🃏	joker	poker cards game play magic black card entertainment playing wildcard
🀄	mahjong red dragon	game play chinese kanji tile
🎴	flower playing cards	game sunset red activity card deck entertainment hanafuda hwatu japanese
🎭	performing arts	acting theater drama activity art comedy entertainment greek logo mask
🖼️	framed picture	photography art frame museum painting
🎨	artist palette	design paint draw colors activity art entertainment museum painting improve
🧵	thread	needle sewing spool string crafts
🪡	sewing needle	stitches embroidery sutures tailoring
🧶	yarn	ball crochet knit crafts
🪢	knot	rope scout tangled tie twine twist
# objects
👓	glasses	fashion accessories eyesight nerdy dork geek clothing eye eyeglasses eyewear
🕶️	sunglasses	face cool accessories dark eye eyewear glasses
🥽	goggles	eyes protection safety clothing eye swimming welding
🥼	lab coat	doctor experiment scientist chemist clothing
🦺	safety vest	protection emergency
👔	necktie	shirt suitup formal fashion cloth business clothing tie
👕	t-shirt	fashion cloth casual tee clothing polo tshirt
👖	jeans	fashion shopping clothing denim pants trousers
🧣	scarf	neck winter clothes clothing
🧤	gloves	hands winter clothes clothing hand
🧥	coat	jacket clothing
🧦	socks	stockings clothes clothing pair stocking
👗	dress	clothes fashion shopping clothing gown skirt
👘	kimono	dress fashion women female japanese clothing dressing gown
🥻	sari	dress clothing saree shari
🩱	one-piece swimsuit	fashion bathing clothing suit swim
🩲	briefs	clothing bathing brief suit swim swimsuit underwear
🩳	shorts	clothing bathing pants suit swim swimsuit underwear
👙	bikini	swimming female woman girl fashion beach summer bathers clothing swim
👚	woman’s clothes	fashion shopping bags female blouse clothing pink shirt womans
🪭	folding hand fan	flamenco hot sensu
👛	purse	fashion accessories money sales shopping clothing coin wallet
👜	handbag	fashion accessory accessories shopping bag clothing purse women
👝	clutch bag	accessories shopping clothing pouch small
🛍️	shopping bags	mall buy purchase bag hotel
🎒	backpack	student education bag activity rucksack satchel school
🩴	thong sandal	footwear summer beach flip flops jandals sandals thongs zōri
👞	man’s shoe	fashion male brown clothing dress mans
👟	running shoe	shoes sports sneakers athletic clothing runner sneaker sport tennis trainer
🥾	hiking boot	backpacking camping clothing
🥿	flat shoe	ballet slip on slipper clothing woman
👠	high-heeled shoe	fashion shoes female pumps stiletto clothing heel heels woman
👡	woman’s sandal	shoes fashion flip flops clothing heeled sandals shoe womans
🩰	ballet shoes	dance clothing pointe shoe
👢	woman’s boot	shoes fashion boots clothing cowgirl heeled high knee shoe womans
🪮	hair pick	afro comb
👑	crown	king kod leader royalty lord clothing queen royal
👒	woman’s hat	fashion accessories female lady spring bow clothing ladies womans
🎩	top hat	magic gentleman classy circus activity clothing entertainment formal groom tophat
🎓	graduation cap	school college degree university hat legal learn education academic activity
🧢	billed cap	baseball clothing hat
🪖	military helmet	army protection soldier warrior
⛑️	rescue worker’s helmet	construction build aid cross face hat white
📿	prayer beads	dhikr religious clothing necklace religion rosary
💄	lipstick	female girl fashion woman cosmetics gloss lip makeup style
💍	ring	wedding propose marriage valentines diamond fashion jewelry gem engagement engaged
💎	gem stone	blue ruby diamond jewelry gemstone jewel romance
🔇	muted speaker	sound volume silence quiet cancellation mute off silent stroke
🔈	speaker low volume	sound silence broadcast soft
🔉	speaker medium volume	broadcast low one reduce sound wave
🔊	speaker high volume	noise noisy broadcast entertainment increase loud sound three waves
📢	loudspeaker	volume sound address announcement bullhorn communication loud megaphone pa public
📣	megaphone	sound speaker volume bullhorn cheering communication mega
📯	postal horn	instrument music bugle communication entertainment french post
🔔	bell	sound notification christmas xmas chime liberty ringer wedding
🔕	bell with slash	sound volume mute quiet silent cancellation disabled forbidden muted no
🎼	musical score	treble clef compose activity entertainment music sheet
🎵	musical note	score tone sound activity beamed eighth entertainment music notes pair
🎶	musical notes	music score activity entertainment multiple note singing
🎙️	studio microphone	sing recording artist talkshow mic music podcast
🎚️	level slider	scale music
🎛️	control knobs	dial music
🎤	microphone	sound music pa sing talkshow activity entertainment karaoke mic singing
🎧	headphone	music score gadgets activity earbud earphone earphones entertainment headphones ipod
📻	radio	communication music podcast program digital entertainment video wireless
🎷	saxophone	music instrument jazz blues activity entertainment sax
🎺	trumpet	music brass activity entertainment horn instrument jazz
🪊	trombone	music instrument
🪗	accordion	music accordian box concertina squeeze
🎸	guitar	music instrument acoustic activity bass electric entertainment rock
🎹	musical keyboard	piano instrument compose activity entertainment music
🎻	violin	music instrument orchestra symphony activity entertainment quartet smallest string world
🪕	banjo	music instructment activity entertainment instrument stringed
🥁	drum	music instrument drumsticks snare
🪘	long drum	music beat conga djembe rhythm
🪇	maracas	music instrument percussion shaker
🪈	flute	bamboo music instrument pied piper recorder
🪉	harp	music instrument
📱	mobile phone	technology apple gadgets dial cell communication iphone smartphone telephone responsive
📲	mobile phone with arrow	iphone incoming call calling cell communication left pointing receive rightwards
☎️	telephone	technology communication dial black phone rotary
📞	telephone receiver	technology communication dial call handset phone
📟	pager	bbcall oldschool 90s beeper bleeper communication
📠	fax machine	communication technology facsimile
🔋	battery	power energy sustain aa phone
🪫	low battery	drained dead electronic energy no red
🔌	electric plug	charger power ac adaptor cable electricity
💻	laptop	technology screen display monitor computer desktop notebook pc personal
🖥️	desktop computer	technology computing screen imac
🖨️	printer	paper ink computer
⌨️	keyboard	technology computer type input text
🖱️	computer mouse	click button three
🖲️	trackball	technology trackpad computer
💽	computer disk	technology record data 90s entertainment minidisc minidisk optical
💾	floppy disk	oldschool technology save 90s 80s computer
💿	optical disk	technology dvd disc 90s cd compact computer rom
📀	dvd	cd disk disc computer entertainment optical rom video
🧮	abacus	calculation count counting frame math
🎥	movie camera	film record activity cinema entertainment hollywood video
🎞️	film frames	movie cinema entertainment strip
📽️	film projector	video tape record movie cinema entertainment
🎬	clapper board	movie film record activity clapboard director entertainment slate
📺	television	technology program oldschool show entertainment tv video
📷	camera	gadgets photography digital entertainment photo video
📸	camera with flash	photography gadgets photo video snapshots
📹	video camera	film record camcorder entertainment
📼	videocassette	record video oldschool 90s 80s entertainment tape vcr vhs
🔍	magnifying glass tilted left	search zoom find detective icon mag magnifier pointing tool
🔎	magnifying glass tilted right	search zoom find detective icon mag magnifier pointing tool seo
🕯️	candle	fire wax light
💡	light bulb	electricity idea comic electric
🔦	flashlight	dark camping sight night electric light tool torch
🏮	red paper lantern	light halloween spooky asian bar izakaya japanese
🪔	diya lamp	lighting oil
📔	notebook with decorative cover	classroom notes record paper study book decorated
📕	closed book	read library knowledge textbook learn red
📖	open book	read library knowledge literature learn study novel
📗	green book	read library knowledge study textbook
📘	blue book	read library knowledge learn study textbook
📙	orange book	read library knowledge textbook study
📚	books	literature library study book pile stack
📓	notebook	stationery record notes paper study black book composition white
📒	ledger	notes paper binder book bound notebook spiral yellow
📃	page with curl	documents office paper curled curly document license
📜	scroll	documents ancient history paper degree document parchment
📄	page facing up	documents office paper information document printed
📰	newspaper	press headline communication news paper
🗞️	rolled-up newspaper	press headline delivery news paper roll
📑	bookmark tabs	favorite save order tidy mark marker
🔖	bookmark	favorite label save mark price tag
🏷️	label	sale tag
🪙	coin	money currency gold metal silver treasure
💰	money bag	dollar payment coins sale cream moneybag moneybags rich
🪎	treasure chest	gold haul mimic crate jewelry riches
💴	yen banknote	money sales japanese dollar currency bank banknotes bill note sign
💵	dollar banknote	money sales bill currency american bank banknotes note sign
💶	euro banknote	money sales dollar currency bank banknotes bill note sign
💷	pound banknote	british sterling money sales bills uk england currency bank banknotes
💸	money with wings	dollar bills payment sale bank banknote bill fly flying losing
💳	credit card	money sales dollar bill payment shopping amex bank club diners
🧾	receipt	accounting expenses bookkeeping evidence proof
💹	chart increasing with yen	green square graph presentation stats bank currency exchange growth market
✉️	envelope	letter postal inbox communication email
📧	e-mail	communication inbox email letter symbol
📨	incoming envelope	email inbox communication fast letter lines mail receive
📩	envelope with arrow	email communication above down downwards insert letter mail outgoing sent
📤	outbox tray	inbox email box communication letter mail sent
📥	inbox tray	email documents box communication letter mail receive
📦	package	mail gift cardboard box moving communication parcel shipping container
📫	closed mailbox with raised flag	email inbox communication mail postbox
📪	closed mailbox with lowered flag	email communication inbox mail postbox
📬	open mailbox with raised flag	email inbox communication mail postbox
📭	open mailbox with lowered flag	email inbox communication mail no postbox
📮	postbox	email letter envelope communication mail mailbox
🗳️	ballot box with ballot	election vote voting
✏️	pencil	stationery write paper writing school study lead pencil2 typos
✒️	black nib	pen stationery writing write fountain
🖋️	fountain pen	stationery writing write communication left lower
🖊️	pen	stationery writing write ballpoint communication left lower
🖌️	paintbrush	drawing creativity art brush communication left lower painting
🖍️	crayon	drawing creativity communication left lower
📝	memo	write documents stationery pencil paper writing legal exam quiz test
💼	briefcase	business documents work law legal job career suitcase
📁	file folder	documents business office closed directory manilla
📂	open file folder	documents load
🗂️	card index dividers	organizing business stationery
📅	calendar	schedule date day emoji july world
📆	tear-off calendar	schedule date planning day desk
🗒️	spiral notepad	memo stationery note pad
🗓️	spiral calendar	date schedule planning pad
📇	card index	business stationery rolodex system
📈	chart increasing	graph presentation stats recovery business economics money sales good success
📉	chart decreasing	graph presentation stats recession business economics money sales bad failure
📊	bar chart	graph presentation stats metrics
📋	clipboard	stationery documents
📌	pushpin	stationery mark here location pin tack thumb
📍	round pushpin	stationery location map here dropped pin red
📎	paperclip	documents stationery clippy
🖇️	linked paperclips	documents stationery communication link paperclip
📏	straight ruler	stationery calculate length math school drawing architect sketch edge
📐	triangular ruler	stationery math architect sketch set triangle
✂️	scissors	stationery cut black cutting tool
🗃️	card file box	business stationery database
🗄️	file cabinet	filing organizing
🗑️	wastebasket	bin trash rubbish garbage toss basket can litter wastepaper
🔒	locked	security password padlock closed lock private privacy
🔓	unlocked	privacy security lock open padlock unlock
🔏	locked with pen	security secret fountain ink lock nib privacy
🔐	locked with key	security privacy closed lock secure secret
🔑	key	lock door password gold
🗝️	old key	lock door password clue
🔨	hammer	tools build create claw handyman tool
🪓	axe	tool chop cut hatchet split wood
⛏️	pick	tools dig mining pickaxe tool
⚒️	hammer and pick	tools build create tool
🛠️	hammer and wrench	tools build create spanner tool
🗡️	dagger	weapon knife
⚔️	crossed swords	weapon
💣	bomb	boom explode explosion terrorism comic
🪃	boomerang	weapon australia rebound repercussion
🏹	bow and arrow	sports archer archery sagittarius tool zodiac
🛡️	shield	protection security weapon
🪚	carpentry saw	cut chop carpenter hand lumber tool
🔧	wrench	tools diy ikea fix maintainer spanner tool
🪛	screwdriver	tools screw tool
🔩	nut and bolt	handy tools fix screw tool
⚙️	gear	cog cogwheel tool
🗜️	clamp	tool compress compression table vice winzip
⚖️	balance scale	law fairness weight justice libra scales tool zodiac
🦯	white cane	probing accessibility blind
🔗	link	rings url chain hyperlink linked symbol
⛓️‍💥	broken chain	constraint break
⛓️	chains	lock arrest chain
🪝	hook	tools catch crook curve ensnare fishing point selling tool
🧰	toolbox	tools diy fix maintainer mechanic chest tool
🧲	magnet	attraction magnetic horseshoe
🪜	ladder	tools climb rung step tool
🪏	shovel	tool dig
⚗️	alembic	distilling science experiment chemistry tool
🧪	test tube	chemistry experiment lab science chemist
🧫	petri dish	bacteria biology culture lab biologist
🧬	dna	biologist genetics life double evolution gene helix
🔬	microscope	laboratory experiment zoomin science study investigate magnify tool
🔭	telescope	stars space zoom science astronomy stargazing tool
📡	satellite antenna	communication future radio space dish signal
💉	syringe	health hospital drugs blood medicine needle doctor nurse shot sick
🩸	drop of blood	period hurt harm wound bleed doctor donation injury medicine menstruation
💊	pill	health medicine doctor pharmacy drug capsule drugs sick tablet
🩹	adhesive bandage	heal aid band doctor medicine plaster
🩼	crutch	accessibility assist aid cane disability hurt mobility stick
🩺	stethoscope	health doctor heart medicine healthcheck
🩻	x-ray	skeleton medicine bones doctor medical
🚪	door	house entry exit doorway front
🛗	elevator	lift accessibility hoist
🪞	mirror	reflection reflector speculum
🪟	window	scenery air frame fresh glass opening transparent view
🛏️	bed	sleep rest bedroom hotel
🛋️	couch and lamp	read chill hotel lounge settee sofa
🪑	chair	sit furniture seat
🚽	toilet	restroom wc washroom bathroom potty loo
🪠	plunger	toilet cup force plumber suction
🚿	shower	clean water bathroom bath head
🛁	bathtub	clean shower bathroom bath bubble
🪤	mouse trap	cheese bait mousetrap rodent snare
🪒	razor	cut sharp shave
🧴	lotion bottle	moisturizer sunscreen shampoo
🧷	safety pin	diaper punk rock
🧹	broom	cleaning sweeping witch brush sweep
🧺	basket	laundry farming picnic
🧻	roll of paper	toilet towels
🪣	bucket	water container cask pail vat
🧼	soap	bar bathing cleaning lather soapdish
🫧	bubbles	soap fun carbonation sparkling burp clean underwater
🪥	toothbrush	hygiene dental bathroom brush clean teeth
🧽	sponge	absorbing cleaning porous
🧯	fire extinguisher	quench extinguish
🛒	shopping cart	trolley
🚬	cigarette	kills tobacco joint smoke activity smoking symbol
⚰️	coffin	vampire dead die death rip graveyard cemetery casket funeral box
🪦	headstone	death rip grave cemetery graveyard halloween tombstone
⚱️	funeral urn	dead die death rip ashes vase
🧿	nazar amulet	bead charm boncuğu evil eye talisman
🪬	hamsa	religion protection amulet fatima hand mary miriam
🗿	moai	rock easter island carving face human moyai statue stone
🪧	placard	announcement demonstration lawn picket post protest sign
🪪	identification card	document credentials id license security
# symbols
🏧	atm sign	money sales cash blue square payment bank automated machine teller
🚮	litter in bin sign	blue square human info its litterbox person place put symbol
🚰	potable water	blue square liquid restroom cleaning faucet drink drinking symbol tap
♿	wheelchair symbol	blue square disabled accessibility access accessible bathroom
🚹	men’s room	toilet restroom wc blue square gender male lavatory man mens
🚺	women’s room	purple square woman female toilet loo restroom gender lavatory symbol
🚻	restroom	blue square toilet refresh wc gender bathroom lavatory sign
🚼	baby symbol	orange square child change changing nursery station
🚾	water closet	toilet restroom blue square lavatory wc
🛂	passport control	custom blue square border permissions authorization roles
🛃	customs	passport border blue square
🛄	baggage claim	blue square airport transport
🛅	left luggage	blue square travel baggage bag with key locked locker suitcase
⚠️	warning	exclamation wip alert error problem issue sign symbol
🚸	children crossing	school warning danger sign driving yellow diamond child kids pedestrian
⛔	no entry	limit security privacy bad denied stop circle forbidden not prohibited
🚫	prohibited	forbid stop limit denied disallow circle backslash banned block crossed
🚳	no bicycles	bikes bicycle bike cyclist prohibited circle forbidden not sign vehicle
🚭	no smoking	cigarette blue square smell smoke forbidden not prohibited sign symbol
🚯	no littering	trash bin garbage circle do forbidden litter not prohibited symbol
🚱	non-potable water	drink faucet tap circle drinking forbidden no not prohibited symbol
🚷	no pedestrians	rules crossing walking circle forbidden not pedestrian people prohibited
📵	no mobile phones	iphone mute circle cell communication forbidden not phone prohibited smartphones
🔞	no one under eighteen	18 drink pub night minor circle age forbidden not nsfw
☢️	radioactive	nuclear danger international radiation sign symbol
☣️	biohazard	danger sign
⬆️	up arrow	blue square continue top direction black cardinal north pointing upwards
↗️	up-right arrow	blue square point direction diagonal northeast east intercardinal north upper
➡️	right arrow	blue square next black cardinal direction east pointing rightwards
↘️	down-right arrow	blue square direction diagonal southeast east intercardinal lower south
⬇️	down arrow	blue square direction bottom black cardinal downwards pointing south downgrade
↙️	down-left arrow	blue square direction diagonal southwest intercardinal lower south west
⬅️	left arrow	blue square previous back black cardinal direction leftwards pointing west
↖️	up-left arrow	blue square point direction diagonal northwest intercardinal north upper west
↕️	up-down arrow	blue square direction way vertical arrows intercardinal northwest
↔️	left-right arrow	shape direction horizontal sideways arrows
↩️	right arrow curving left	back return blue square undo enter curved email hook leftwards
↪️	left arrow curving right	blue square return rotate direction email forward hook rightwards curved
⤴️	right arrow curving up	blue square direction top heading pointing rightwards then upwards
⤵️	right arrow curving down	blue square direction bottom curved downwards heading pointing rightwards then
🔃	clockwise vertical arrows	sync cycle round repeat arrow circle downwards open reload upwards
🔄	counterclockwise arrows button	blue square sync cycle anticlockwise arrow circle downwards open refresh
🔙	back arrow	words return above leftwards
🔚	end arrow	words above leftwards
🔛	on! arrow	words above exclamation left mark right
🔜	soon arrow	words above rightwards
🔝	top arrow	words blue square above up upwards
🛐	place of worship	religion church temple prayer building religious
⚛️	atom symbol	science physics chemistry atheist
🕉️	om	hinduism buddhism sikhism jainism aumkara hindu omkara pranava religion symbol
✡️	star of david	judaism jew jewish magen religion
☸️	wheel of dharma	hinduism buddhism sikhism jainism buddhist helm religion
☯️	yin yang	balance religion tao taoist
✝️	latin cross	christianity christian religion
☦️	orthodox cross	suppedaneum religion christian
☪️	star and crescent	islam muslim religion
☮️	peace symbol	hippie sign
🕎	menorah	hanukkah candles jewish branches candelabrum candlestick chanukiah nine religion
🔯	dotted six-pointed star	purple square religion jewish hexagram dot fortune middle
🪯	khanda	sikhism religion
♈	aries	sign purple square zodiac astrology ram
♉	taurus	purple square sign zodiac astrology bull ox
♊	gemini	sign zodiac purple square astrology twins
♋	cancer	sign zodiac purple square astrology crab
♌	leo	sign purple square zodiac astrology lion
♍	virgo	sign zodiac purple square astrology maiden virgin
♎	libra	sign purple square zodiac astrology balance justice scales
♏	scorpio	sign zodiac purple square astrology scorpion scorpius
♐	sagittarius	sign zodiac purple square astrology archer
♑	capricorn	sign zodiac purple square astrology goat
♒	aquarius	sign purple square zodiac astrology bearer water
♓	pisces	purple square sign zodiac astrology fish
⛎	ophiuchus	sign purple square constellation astrology bearer serpent snake zodiac
🔀	shuffle tracks button	blue square music random arrow arrows crossed rightwards symbol twisted
🔁	repeat button	loop record arrow arrows circle clockwise leftwards open retweet rightwards
🔂	repeat single button	blue square loop arrow arrows circle circled clockwise leftwards number
▶️	play button	blue square right direction arrow black forward pointing triangle
⏩	fast-forward button	blue square play speed continue arrow black double pointing right
⏭️	next track button	forward blue square arrow bar black double pointing right scene
⏯️	play or pause button	blue square arrow bar black double pointing right symbol triangle
◀️	reverse button	blue square left direction arrow backward black pointing triangle
⏪	fast reverse button	play blue square arrow black double left pointing rewind symbol
⏮️	last track button	backward arrow bar black double left pointing previous scene skip
🔼	upwards button	blue square triangle direction point forward top arrow pointing red
⏫	fast up button	blue square direction top arrow black double pointing triangle
🔽	downwards button	blue square direction bottom arrow down pointing red small triangle
⏬	fast down button	blue square direction bottom arrow black double pointing triangle
⏸️	pause button	blue square bar double symbol vertical
⏹️	stop button	blue square black for symbol
⏺️	record button	blue square black circle for symbol
⏏️	eject button	blue square symbol
🎦	cinema	blue square record film movie curtain stage theater activity camera
🔅	dim button	sun afternoon warm summer brightness decrease low symbol
🔆	bright button	sun light brightness high increase symbol
📶	antenna bars	blue square reception phone internet connection wifi bluetooth bar cell
🛜	wireless	wifi internet contactless signal
📳	vibration mode	orange square phone cell communication heart mobile silent telephone
📴	mobile phone off	mute orange square silence quiet cell communication telephone
♀️	female sign	woman women lady girl symbol venus
♂️	male sign	man boy men mars symbol
⚧️	transgender symbol	lgbtq female lgbt male pride sign stroke
✖️	multiply	multiplication sign math calculation cancel heavy symbol
➕	plus	sign math calculation addition more increase heavy symbol add
➖	minus	sign math calculation subtract less heavy symbol remove
➗	divide	division sign math calculation heavy symbol
🟰	heavy equals sign	math equality
♾️	infinity	forever paper permanent sign unbounded universal
‼️	double exclamation mark	surprise bangbang punctuation red
⁉️	exclamation question mark	wat punctuation surprise interrobang red
❓	red question mark	doubt confused black ornament punctuation
❔	white question mark	doubts gray huh confused grey ornament outlined punctuation
❕	white exclamation mark	surprise punctuation gray wow warning grey ornament outlined
❗	red exclamation mark	heavy danger surprise punctuation wow warning bang symbol
〰️	wavy dash	draw line moustache mustache squiggle scribble punctuation wave
💱	currency exchange	money sales dollar travel bank
💲	heavy dollar sign	money sales payment currency buck
⚕️	medical symbol	health hospital aesculapius asclepius asklepios care doctor medicine rod snake
♻️	recycling symbol	arrow environment garbage trash black green logo recycle universal reuse
⚜️	fleur-de-lis	decorative scout new orleans saints scouts
🔱	trident emblem	weapon spear anchor pitchfork ship tool
📛	name badge	fire forbid tag tofu
🔰	japanese symbol for beginner	badge shield chevron green leaf mark shoshinsha tool yellow
⭕	hollow red circle	round correct heavy large mark
✅	check mark button	green square ok agree vote election answer tick heavy symbol
☑️	check box with check	ok agree confirm black square vote election yes tick ballot
✔️	check mark	ok nike answer yes tick heavy
❌	cross mark	no delete remove cancel red multiplication multiply
❎	cross mark button	green square no deny negative squared
➰	curly loop	scribble draw shape squiggle curl curling
➿	double curly loop	tape cassette curl curling voicemail
〽️	part alternation mark	graph presentation stats business economics bad mcdonald
✳️	eight-spoked asterisk	star sparkle green square
✴️	eight-pointed star	orange square shape polygon black
❇️	sparkle	stars green square awesome good fireworks
©️	copyright	ip license circle law legal sign
®️	registered	alphabet circle sign
™️	trade mark	trademark brand law legal sign tm
🫟	splatter
#️⃣	keycap #	symbol blue square twitter hash hashtag key number octothorpe pound
*️⃣	keycap *	star asterisk
0️⃣	keycap 0	numbers blue square null zero digit
1️⃣	keycap 1	blue square numbers one digit
2️⃣	keycap 2	numbers prime blue square two digit
3️⃣	keycap 3	numbers prime blue square three digit
4️⃣	keycap 4	numbers blue square four digit
5️⃣	keycap 5	numbers blue square prime five digit
6️⃣	keycap 6	numbers blue square six digit
7️⃣	keycap 7	numbers blue square prime seven digit
8️⃣	keycap 8	blue square numbers eight digit
9️⃣	keycap 9	blue square numbers nine digit
🔟	keycap 10	numbers blue square ten number
🔠	input latin uppercase	alphabet words letters blue square abcd capital for symbol
🔡	input latin lowercase	blue square letters alphabet abcd for small symbol
🔢	input numbers	blue square 1234 for numeric symbol
🔣	input symbols	blue square music note ampersand percent glyphs characters for symbol
🔤	input latin letters	blue square alphabet abc for symbol
🅰️	a button (blood type)	red square alphabet letter capital latin negative squared
🆎	ab button (blood type)	red square alphabet negative squared
🅱️	b button (blood type)	red square alphabet letter capital latin negative squared
🆑	cl button	alphabet words red square clear sign squared
🆒	cool button	words blue square sign squared
🆓	free button	blue square words sign squared
ℹ️	information	blue square alphabet letter info lowercase source tourist
🆔	id button	purple square words identification identity sign squared
Ⓜ️	circled m	alphabet blue circle letter capital latin metro
🆕	new button	blue square words start fresh sign squared
🆖	ng button	blue square words shape icon blooper good no sign squared
🅾️	o button (blood type)	alphabet red square letter capital latin negative o2 squared
🆗	ok button	good agree yes blue square okay sign squared
🅿️	p button	cars blue square alphabet letter capital latin negative parking sign
🆘	sos button	help red square words emergency 911 distress sign signal squared
🆙	up! button	blue square above high exclamation level mark sign squared
🆚	vs button	words orange square squared versus
🈁	japanese “here” button	blue square katakana destination koko meaning sign squared word
🈂️	japanese “service charge” button	blue square katakana meaning or sa sign squared
🈷️	japanese “monthly amount” button	chinese month moon orange square kanji cjk ideograph meaning radical
🈶	japanese “not free of charge” button	orange square chinese have kanji cjk exist ideograph meaning own
🈯	japanese “reserved” button	chinese point green square kanji cjk finger ideograph meaning sign
🉐	japanese “bargain” button	chinese kanji obtain get circle acquire advantage circled ideograph meaning
🈹	japanese “discount” button	cut divide chinese kanji pink square bargain cjk ideograph meaning
🈚	japanese “free of charge” button	nothing chinese kanji orange square cjk ideograph lacking meaning negation
🈲	japanese “prohibited” button	kanji chinese forbidden limit restricted red square cjk forbid ideograph
🉑	japanese “acceptable” button	ok good chinese kanji agree yes orange circle accept circled
🈸	japanese “application” button	chinese kanji orange square apply cjk form ideograph meaning monkey
🈴	japanese “passing grade” button	chinese join kanji red square agreement cjk ideograph meaning sign
🈳	japanese “vacancy” button	kanji chinese empty sky blue square 7a7a available cjk ideograph
㊗️	japanese “congratulations” button	chinese kanji red circle circled congratulate congratulation ideograph meaning sign
㊙️	japanese “secret” button	privacy chinese sshh kanji red circle circled ideograph meaning sign
🈺	japanese “open for business” button	opening hours orange square 55b6 chinese cjk ideograph meaning operating
🈵	japanese “no vacancy” button	full chinese red square kanji 6e80 cjk fullness ideograph meaning
🔴	red circle	shape error danger geometric large
🟠	orange circle	round geometric large
🟡	yellow circle	round geometric large
🟢	green circle	round geometric large
🔵	blue circle	shape icon button geometric large
🟣	purple circle	round geometric large
🟤	brown circle	round geometric large
⚫	black circle	shape button round geometric medium
⚪	white circle	shape round geometric medium
🟥	red square	card geometric large
🟧	orange square	geometric large
🟨	yellow square	card geometric large
🟩	green square	geometric large
🟦	blue square	geometric large
🟪	purple square	geometric large
🟫	brown square	geometric large
⬛	black large square	shape icon button geometric
⬜	white large square	shape icon stone button geometric
◼️	black medium square	shape button icon geometric
◻️	white medium square	shape stone icon geometric
◾	black medium-small square	icon shape button geometric
◽	white medium-small square	shape stone icon button geometric
▪️	black small square	shape icon geometric
▫️	white small square	shape icon geometric
🔶	large orange diamond	shape jewel gem geometric
🔷	large blue diamond	shape jewel gem geometric
🔸	small orange diamond	shape jewel gem geometric
🔹	small blue diamond	shape jewel gem geometric
🔺	red triangle pointed up	shape direction top geometric pointing small
🔻	red triangle pointed down	shape direction bottom geometric pointing small
💠	diamond with a dot	jewel blue gem crystal fancy comic cuteness flower geometric inside
🔘	radio button	input old music circle geometric
🔳	white square button	shape input geometric outlined
🔲	black square button	shape input frame geometric
# flags
🏁	chequered flag	contest finishline race gokart checkered finish girl grid milestone racing
🚩	triangular flag	mark milestone place pole post red
🎌	crossed flags	japanese nation country border activity celebration cross flag two
🏴	black flag	pirate waving
🏳️	white flag	losing loser lost surrender give up fail waving
🏳️‍🌈	rainbow flag	pride gay lgbt queer homosexual lesbian bisexual
🏳️‍⚧️	transgender flag	pride lgbtq blue lgbt light pink trans white
🏴‍☠️	pirate flag	skull crossbones banner jolly plunder roger treasure
🇦🇨	flag ascension island
🇦🇩	flag andorra	ad nation country banner andorran
🇦🇪	flag united arab emirates	nation country banner emirati uae
🇦🇫	flag afghanistan	af nation country banner afghan
🇦🇬	flag antigua & barbuda	nation country banner
🇦🇮	flag anguilla	ai nation country banner anguillan
🇦🇱	flag albania	al nation country banner albanian
🇦🇲	flag armenia	am nation country banner armenian
🇦🇴	flag angola	ao nation country banner angolan
🇦🇶	flag antarctica	aq nation country banner antarctic
🇦🇷	flag argentina	ar nation country banner argentinian
🇦🇸	flag american samoa	ws nation country banner samoan
🇦🇹	flag austria	at nation country banner austrian
🇦🇺	flag australia	au nation country banner aussie australian heard mcdonald
🇦🇼	flag aruba	aw nation country banner aruban
🇦🇽	flag åland islands	aland nation country banner
🇦🇿	flag azerbaijan	az nation country banner azerbaijani
🇧🇦	flag bosnia & herzegovina	nation country banner
🇧🇧	flag barbados	bb nation country banner bajan barbadian
🇧🇩	flag bangladesh	bd nation country banner bangladeshi
🇧🇪	flag belgium	be nation country banner belgian
🇧🇫	flag burkina faso	nation country banner burkinabe
🇧🇬	flag bulgaria	bg nation country banner bulgarian
🇧🇭	flag bahrain	bh nation country banner bahrainian bahrani
🇧🇮	flag burundi	bi nation country banner burundian
🇧🇯	flag benin	bj nation country banner beninese
🇧🇱	flag st. barthélemy	barthelemy saint nation country banner
🇧🇲	flag bermuda	bm nation country banner bermudan
🇧🇳	flag brunei	bn darussalam nation country banner bruneian
🇧🇴	flag bolivia	bo nation country banner bolivian
🇧🇶	flag caribbean netherlands	bonaire nation country banner eustatius saba sint
🇧🇷	flag brazil	br nation country banner brasil brazilian for
🇧🇸	flag bahamas	bs nation country banner bahamian
🇧🇹	flag bhutan	bt nation country banner bhutanese
🇧🇻	flag bouvet island	norway
🇧🇼	flag botswana	bw nation country banner batswana
🇧🇾	flag belarus	by nation country banner belarusian
🇧🇿	flag belize	bz nation country banner belizean
🇨🇦	flag canada	ca nation country banner canadian
🇨🇨	flag cocos (keeling) islands	nation country banner island
🇨🇩	flag congo - kinshasa	democratic republic nation country banner drc
🇨🇫	flag central african republic	nation country banner
🇨🇬	flag congo - brazzaville	nation country banner republic
🇨🇭	flag switzerland	ch nation country banner cross red swiss
🇨🇮	flag côte d’ivoire	cote ivory coast nation country banner divoire
🇨🇰	flag cook islands	nation country banner island islander
🇨🇱	flag chile	nation country banner chilean
🇨🇲	flag cameroon	cm nation country banner cameroonian
🇨🇳	flag china	chinese prc country nation banner cn indicator letters regional symbol
🇨🇴	flag colombia	co nation country banner colombian
🇨🇵	flag clipperton island
🇨🇶	flag sark	cq banner
🇨🇷	flag costa rica	nation country banner rican
🇨🇺	flag cuba	cu nation country banner cuban
🇨🇻	flag cape verde	cabo nation country banner verdian
🇨🇼	flag curaçao	curacao nation country banner antilles curaçaoan
🇨🇽	flag christmas island	nation country banner
🇨🇾	flag cyprus	cy nation country banner cypriot
🇨🇿	flag czechia	cz nation country banner czech republic
🇩🇪	flag germany	german nation country banner de deutsch indicator letters regional symbol
🇩🇬	flag diego garcia
🇩🇯	flag djibouti	dj nation country banner djiboutian
🇩🇰	flag denmark	dk nation country banner danish
🇩🇲	flag dominica	dm nation country banner
🇩🇴	flag dominican republic	nation country banner dom rep
🇩🇿	flag algeria	dz nation country banner algerian
🇪🇦	flag ceuta & melilla
🇪🇨	flag ecuador	ec nation country banner ecuadorian
🇪🇪	flag estonia	ee nation country banner estonian
🇪🇬	flag egypt	eg nation country banner egyptian
🇪🇭	flag western sahara	nation country banner saharan west
🇪🇷	flag eritrea	er nation country banner eritrean
🇪🇸	flag spain	nation country banner ceuta es indicator letters melilla regional spanish
🇪🇹	flag ethiopia	et nation country banner ethiopian
🇪🇺	flag european union	banner eu
🇫🇮	flag finland	fi nation country banner finnish
🇫🇯	flag fiji	fj nation country banner fijian
🇫🇰	flag falkland islands	malvinas nation country banner falklander falklands island islas
🇫🇲	flag micronesia	federated states nation country banner micronesian
🇫🇴	flag faroe islands	nation country banner island islander
🇫🇷	flag france	banner nation french country clipperton fr indicator island letters martin
🇬🇦	flag gabon	ga nation country banner gabonese
🇬🇧	flag united kingdom	great britain northern ireland nation country banner british uk english
🇬🇩	flag grenada	gd nation country banner grenadian
🇬🇪	flag georgia	ge nation country banner georgian
🇬🇫	flag french guiana	nation country banner guinean
🇬🇬	flag guernsey	gg nation country banner
🇬🇭	flag ghana	gh nation country banner ghanaian
🇬🇮	flag gibraltar	gi nation country banner gibraltarian
🇬🇱	flag greenland	gl nation country banner greenlandic
🇬🇲	flag gambia	gm nation country banner gambian
🇬🇳	flag guinea	gn nation country banner guinean
🇬🇵	flag guadeloupe	gp nation country banner guadeloupean
🇬🇶	flag equatorial guinea	gn nation country banner equatoguinean guinean
🇬🇷	flag greece	gr nation country banner greek
🇬🇸	flag south georgia & south sandwich islands	nation country banner island
🇬🇹	flag guatemala	gt nation country banner guatemalan
🇬🇺	flag guam	gu nation country banner chamorro guamanian
🇬🇼	flag guinea-bissau	gw nation country banner
🇬🇾	flag guyana	gy nation country banner guyanese
🇭🇰	flag hong kong sar china	nation country banner
🇭🇲	flag heard & mcdonald islands
🇭🇳	flag honduras	hn nation country banner honduran
🇭🇷	flag croatia	hr nation country banner croatian
🇭🇹	flag haiti	ht nation country banner haitian
🇭🇺	flag hungary	hu nation country banner hungarian
🇮🇨	flag canary islands	nation country banner island
🇮🇩	flag indonesia	nation country banner indonesian
🇮🇪	flag ireland	ie nation country banner irish
🇮🇱	flag israel	il nation country banner israeli
🇮🇲	flag isle of man	nation country banner manx
🇮🇳	flag india	in nation country banner indian
🇮🇴	flag british indian ocean territory	nation country banner chagos diego garcia island
🇮🇶	flag iraq	iq nation country banner iraqi
🇮🇷	flag iran	islamic republic nation country banner iranian
🇮🇸	flag iceland	is nation country banner icelandic
🇮🇹	flag italy	nation country banner indicator italian letters regional symbol
🇯🇪	flag jersey	je nation country banner
🇯🇲	flag jamaica	jm nation country banner jamaican
🇯🇴	flag jordan	jo nation country banner jordanian
🇯🇵	flag japan	japanese nation country banner jp ja indicator letters regional symbol
🇰🇪	flag kenya	ke nation country banner kenyan
🇰🇬	flag kyrgyzstan	kg nation country banner kyrgyzstani
🇰🇭	flag cambodia	kh nation country banner cambodian
🇰🇮	flag kiribati	ki nation country banner
🇰🇲	flag comoros	km nation country banner comoran
🇰🇳	flag st. kitts & nevis	saint nation country banner
🇰🇵	flag north korea	nation country banner korean
🇰🇷	flag south korea	nation country banner indicator korean kr letters regional symbol
🇰🇼	flag kuwait	kw nation country banner kuwaiti
🇰🇾	flag cayman islands	nation country banner caymanian island
🇰🇿	flag kazakhstan	kz nation country banner kazakh kazakhstani
🇱🇦	flag laos	lao democratic republic nation country banner laotian
🇱🇧	flag lebanon	lb nation country banner lebanese
🇱🇨	flag st. lucia	saint nation country banner
🇱🇮	flag liechtenstein	li nation country banner liechtensteiner
🇱🇰	flag sri lanka	nation country banner lankan
🇱🇷	flag liberia	lr nation country banner liberian
🇱🇸	flag lesotho	ls nation country banner basotho
🇱🇹	flag lithuania	lt nation country banner lithuanian
🇱🇺	flag luxembourg	lu nation country banner luxembourger
🇱🇻	flag latvia	lv nation country banner latvian
🇱🇾	flag libya	ly nation country banner libyan
🇲🇦	flag morocco	ma nation country banner moroccan
🇲🇨	flag monaco	mc nation country banner monégasque
🇲🇩	flag moldova	republic nation country banner moldovan
🇲🇪	flag montenegro	me nation country banner montenegrin
🇲🇫	flag st. martin
🇲🇬	flag madagascar	mg nation country banner madagascan
🇲🇭	flag marshall islands	nation country banner island marshallese
🇲🇰	flag north macedonia	nation country banner macedonian
🇲🇱	flag mali	ml nation country banner malian
🇲🇲	flag myanmar (burma)	mm nation country banner burmese for myanmarese
🇲🇳	flag mongolia	mn nation country banner mongolian
🇲🇴	flag macao sar china	nation country banner macanese macau
🇲🇵	flag northern mariana islands	nation country banner island micronesian north
🇲🇶	flag martinique	mq nation country banner martiniquais of snake
🇲🇷	flag mauritania	mr nation country banner mauritanian
🇲🇸	flag montserrat	ms nation country banner montserratian
🇲🇹	flag malta	mt nation country banner maltese
🇲🇺	flag mauritius	mu nation country banner mauritian
🇲🇻	flag maldives	mv nation country banner maldivian
🇲🇼	flag malawi	mw nation country banner malawian
🇲🇽	flag mexico	mx nation country banner mexican
🇲🇾	flag malaysia	my nation country banner malaysian
🇲🇿	flag mozambique	mz nation country banner mozambican
🇳🇦	flag namibia	na nation country banner namibian
🇳🇨	flag new caledonia	nation country banner caledonian
🇳🇪	flag niger	ne nation country banner nigerien
🇳🇫	flag norfolk island	nation country banner
🇳🇬	flag nigeria	nation country banner nigerian
🇳🇮	flag nicaragua	ni nation country banner nicaraguan
🇳🇱	flag netherlands	nl nation country banner dutch
🇳🇴	flag norway	no nation country banner bouvet jan mayen norwegian svalbard
🇳🇵	flag nepal	np nation country banner nepalese
🇳🇷	flag nauru	nr nation country banner nauruan
🇳🇺	flag niue	nu nation country banner niuean
🇳🇿	flag new zealand	nation country banner kiwi
🇴🇲	flag oman	om symbol nation country banner omani
🇵🇦	flag panama	pa nation country banner panamanian
🇵🇪	flag peru	pe nation country banner peruvian
🇵🇫	flag french polynesia	nation country banner polynesian
🇵🇬	flag papua new guinea	nation country banner guinean png
🇵🇭	flag philippines	ph nation country banner
🇵🇰	flag pakistan	pk nation country banner pakistani
🇵🇱	flag poland	pl nation country banner polish
🇵🇲	flag st. pierre & miquelon	saint nation country banner
🇵🇳	flag pitcairn islands	nation country banner island
🇵🇷	flag puerto rico	nation country banner rican
🇵🇸	flag palestinian territories	palestine nation country banner
🇵🇹	flag portugal	pt nation country banner portugese
🇵🇼	flag palau	pw nation country banner palauan
🇵🇾	flag paraguay	py nation country banner paraguayan
🇶🇦	flag qatar	qa nation country banner qatari
🇷🇪	flag réunion	reunion nation country banner réunionnais
🇷🇴	flag romania	ro nation country banner romanian
🇷🇸	flag serbia	rs nation country banner serbian
🇷🇺	flag russia	russian federation nation country banner indicator letters regional ru symbol
🇷🇼	flag rwanda	rw nation country banner rwandan
🇸🇦	flag saudi arabia	nation country banner arabian
🇸🇧	flag solomon islands	nation country banner island islander
🇸🇨	flag seychelles	sc nation country banner seychellois
🇸🇩	flag sudan	sd nation country banner sudanese
🇸🇪	flag sweden	se nation country banner swedish
🇸🇬	flag singapore	sg nation country banner singaporean
🇸🇭	flag st. helena	saint ascension tristan cunha nation country banner
🇸🇮	flag slovenia	si nation country banner slovenian
🇸🇯	flag svalbard & jan mayen
🇸🇰	flag slovakia	sk nation country banner slovakian slovak
🇸🇱	flag sierra leone	nation country banner leonean
🇸🇲	flag san marino	nation country banner sammarinese
🇸🇳	flag senegal	sn nation country banner sengalese
🇸🇴	flag somalia	so nation country banner somalian
🇸🇷	flag suriname	sr nation country banner surinamer
🇸🇸	flag south sudan	sd nation country banner sudanese
🇸🇹	flag são tomé & príncipe	sao tome principe nation country banner
🇸🇻	flag el salvador	nation country banner salvadoran
🇸🇽	flag sint maarten	dutch nation country banner
🇸🇾	flag syria	syrian arab republic nation country banner
🇸🇿	flag eswatini	sz nation country banner swaziland
🇹🇦	flag tristan da cunha
🇹🇨	flag turks & caicos islands	nation country banner island
🇹🇩	flag chad	td nation country banner chadian
🇹🇫	flag french southern territories	nation country banner antarctic lands
🇹🇬	flag togo	tg nation country banner togolese
🇹🇭	flag thailand	th nation country banner thai
🇹🇯	flag tajikistan	tj nation country banner tajik
🇹🇰	flag tokelau	tk nation country banner tokelauan
🇹🇱	flag timor-leste	nation country banner east timorese
🇹🇲	flag turkmenistan	nation country banner turkmen
🇹🇳	flag tunisia	tn nation country banner tunisian
🇹🇴	flag tonga	to nation country banner tongan
🇹🇷	flag türkiye	turkey nation country banner tr turkish
🇹🇹	flag trinidad & tobago	nation country banner
🇹🇻	flag tuvalu	nation country banner tuvaluan
🇹🇼	flag taiwan	tw nation country banner china taiwanese
🇹🇿	flag tanzania	united republic nation country banner tanzanian
🇺🇦	flag ukraine	ua nation country banner ukrainian
🇺🇬	flag uganda	ug nation country banner ugandan
🇺🇲	flag u.s. outlying islands	us
🇺🇳	flag united nations	un banner
🇺🇸	flag united states	america nation country banner american indicator islands letters outlying regional
🇺🇾	flag uruguay	uy nation country banner uruguayan
🇺🇿	flag uzbekistan	uz nation country banner uzbek uzbekistani
🇻🇦	flag vatican city	nation country banner vanticanien
🇻🇨	flag st. vincent & grenadines	saint nation country banner
🇻🇪	flag venezuela	ve bolivarian republic nation country banner venezuelan
🇻🇬	flag british virgin islands	bvi nation country banner island islander
🇻🇮	flag u.s. virgin islands	us nation country banner america island islander states united usa
🇻🇳	flag vietnam	viet nam nation country banner vietnamese
🇻🇺	flag vanuatu	vu nation country banner ni
🇼🇫	flag wallis & futuna	nation country banner
🇼🇸	flag samoa	ws nation country banner samoan
🇽🇰	flag kosovo	xk nation country banner kosovar
🇾🇪	flag yemen	ye nation country banner yemeni
🇾🇹	flag mayotte	yt nation country banner
🇿🇦	flag south africa	nation country banner african
🇿🇲	flag zambia	zm nation country banner zambian
🇿🇼	flag zimbabwe	zw nation country banner zim zimbabwean
🏴󠁧󠁢󠁥󠁮󠁧󠁿	flag england	english cross george st
🏴󠁧󠁢󠁳󠁣󠁴󠁿	flag scotland	scottish andrew cross saltire st
🏴󠁧󠁢󠁷󠁬󠁳󠁿	flag wales	welsh baner cymru ddraig dragon goch red
`;
