"""Who may do what, written by hand from the contract."""

from app.rules.access import Permission, Role

# Source: contract, "Who may do what".        prison  region  national  signatory  admin
TABLE = """
    read the programme                        yes     yes     yes       yes        yes
    read a prison's sections and evidence     yes     yes     yes       yes        yes
    rate sections and add evidence            yes     no      no        no         no
    review a section                          no      yes     no        no         no
    answer a challenge                        yes     no      no        no         no
    record or end an exemption                no      yes     no        no         no
    correct a prison's details                yes     yes     no        no         yes
    raise a statement or prepare one          yes     yes     no        no         no
    sign a statement                          no      no      no        yes        no
    withdraw a statement                      yes     yes     no        no         no
    confirm go-live or the end of a service   no      yes     no        no         no
    read the audit trail                      yes     yes     yes       no         yes
    verify the audit trail                    no      yes     yes       no         yes
    register prisons                          no      no      no        no         yes
    write a plan                              yes     yes     no        no         yes
    submit a plan                             yes     no      no        no         no
    approve a plan or send it back            no      yes     no        no         no
    make or change a partnership              no      yes     no        no         yes
    freeze a monthly return                   no      no      yes       no         no
    manage keys                               no      no      no        no         yes
    manage webhooks                           yes     yes     yes       no         yes
"""
COLUMNS = (Role.PRISON, Role.REGION, Role.NATIONAL, Role.SIGNATORY, Role.ADMIN)
ROWS = [line.rsplit(maxsplit=5) for line in TABLE.splitlines() if line.strip()]
CASES = [
    (Permission(row[0].strip()), role, word == "yes")
    for row in ROWS
    for role, word in zip(COLUMNS, row[1:], strict=True)
]
