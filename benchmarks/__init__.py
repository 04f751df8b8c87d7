"""What it costs, beside the floor and the peers. Garbage is collected as seldom as in our programs."""

import services as services
