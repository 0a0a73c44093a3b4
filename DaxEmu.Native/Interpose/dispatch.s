# How the system calls of an unmodified program reach the library (x86-64 Linux, GNU as).
#
# Each thread of the program has a selector byte. While it says BLOCK, the kernel does not do a system call whose instruction lies outside
# the range pass_begin..pass_end, but raises SIGSYS on the calling thread (syscall user dispatch). Code of the library runs with ALLOW.
# What the library does not serve is passed on: the handler returns into one of the pass_* stubs, which do the call as the program would
# have, on its stack and with its signal mask, and go back to where it was made.
#
# A C# function is called for what may be served only. Everything else is decided here, since it may come from a thread that the C# runtime
# no longer knows, or from inside malloc, where nothing may allocate.
#
# Structures are the kernel's: struct siginfo, struct ucontext, struct sigaction. The table at the end is shared with StubTable.cs.

        .set ALLOW, 0
        .set BLOCK, 1

        # Offsets in struct ucontext.
        .set UC_R8, 40
        .set UC_R9, 48
        .set UC_R10, 56
        .set UC_R11, 64
        .set UC_RDI, 104
        .set UC_RSI, 112
        .set UC_RDX, 136
        .set UC_RAX, 144
        .set UC_RCX, 152
        .set UC_RIP, 168
        .set UC_MASK, 296

        .set SYS_rt_sigaction, 13
        .set SYS_rt_sigprocmask, 14
        .set SYS_getpid, 39
        .set SYS_prctl, 157
        .set SYS_gettid, 186
        .set SYS_tgkill, 234
        .set SYS_rt_tgsigqueueinfo, 297
        .set SYS_prepare_fork, 511      # of the library itself
        .set SIG_SETMASK, 2
        .set PR_SET_SYSCALL_USER_DISPATCH, 59
        .set CLONE_VM, 0x100
        .set CLONE_SETTLS, 0x80000
        .set MAP_FIXED, 0x10
        .set SA_NODEFER, 0x40000000
        .set SA_RESETHAND, 0x80000000

        # Never blocked for real: a blocked SIGSYS, SIGSEGV or SIGBUS that is due ends the process.
        .set NEVER_BLOCKED, (1 << 30) | (1 << 10) | (1 << 6)

        .set DESCRIPTORS, 65536         # marks of descriptors
        .set NUMBERS, 512               # classes of system calls
        .set SIGNALS, 65
        .set STACK_MARGIN, 1 << 20      # more than a stack's guard

        # Classes of system calls: what decides whether the library is asked. The numbers stand in CallClass.cs, too.
        .set CLASS_PASS, 0              # nothing
        .set CLASS_ASK, 1               # it always is
        .set CLASS_DESCRIPTOR, 2        # a marked descriptor in rdi, or an address of a mapping
        .set CLASS_ADDRESS, 3           # an address of a mapping in any argument
        .set CLASS_MAP, 4               # a marked descriptor in r8, or an address of a mapping
        .set CLASS_VECTOR, 5            # a marked descriptor in rdi, or any mapping at all
        .set CLASS_SIGPROCMASK, 6
        .set CLASS_SIGRETURN, 7
        .set CLASS_FORK, 8
        .set CLASS_VFORK, 9
        .set CLASS_CLONE, 10
        .set CLASS_CLONE3, 11
        .set CLASS_MASK_RDI, 12         # a signal mask for the time of the call, in rdi
        .set CLASS_MASK_R10, 13
        .set CLASS_MASK_R8, 14
        .set CLASS_PSELECT, 15          # the mask's address stands in a structure, in r9

        .set CLASS_ATTACH, 16           # the first calls of a thread that libc has made
        .set CLASS_UNMAP, 17            # addresses may become invalid; else as CLASS_ADDRESS

        .section .init_array, "aw"
        .balign 8
        .quad   start

        .text
        .balign 64

# ------------------------------------------------------------------------------------------------------------------------------------
# The range whose system calls are never dispatched. On entry to a pass_* stub rcx has the address behind the program's own instruction:
# syscall destroys rcx and r11, so no program expects them back. The address is kept below the 128 bytes under the stack pointer that
# belong to the interrupted function (the red zone), where no signal handler reaches it.
pass_begin:

        .macro  ENTER_PASS
        lea     -128(%rsp), %rsp
        .cfi_adjust_cfa_offset 128
        push    %rcx
        .cfi_adjust_cfa_offset 8
        .cfi_offset %rip, -136
        .endm

        # One frame that an unwinder understands: thread cancellation goes through it.
        .macro  BEGIN_PASS name
        .balign 16
\name:
        .cfi_startproc
        .cfi_def_cfa %rsp, 0
        .cfi_register %rip, %rcx
        ENTER_PASS
        .endm

        .macro  END_PASS
        ret     $128
        .cfi_endproc
        .endm

BEGIN_PASS pass_plain
        syscall
END_PASS

        # A mask for the time of the call stands in r11; the register gets the address of a copy in this frame's own red zone.
        .macro  PASS_MASK name register
BEGIN_PASS \name
        mov     \register, -24(%rsp)
        mov     %r11, -16(%rsp)
        lea     -16(%rsp), \register
        syscall
        mov     -24(%rsp), \register
END_PASS
        .endm

PASS_MASK pass_mask_rdi %rdi
PASS_MASK pass_mask_r10 %r10
PASS_MASK pass_mask_r8 %r8

BEGIN_PASS pass_pselect
        mov     %r9, -40(%rsp)
        mov     %r11, -16(%rsp)
        lea     -16(%rsp), %r11
        mov     %r11, -32(%rsp)         # { mask, its size }
        movq    $8, -24(%rsp)
        lea     -32(%rsp), %r9
        syscall
        mov     -40(%rsp), %r9
END_PASS

        # A new thread or process, which goes on at the end of the stack that it is given, or on a copy of this one. r11 has the address
        # that the child goes on at, for which the kernel has switched the dispatch off.
BEGIN_PASS pass_clone
        push    %r11
        .cfi_adjust_cfa_offset 8
        test    %rsi, %rsi
        jz      1f
        mov     %rcx, -136(%rsi)
        mov     %r11, -144(%rsi)
        lea     -144(%rsi), %rsi
1:      syscall
        test    %rsi, %rsi
        jz      2f
        lea     144(%rsi), %rsi
2:      test    %rax, %rax
        jz      go_on
        lea     8(%rsp), %rsp
        .cfi_adjust_cfa_offset -8
END_PASS

BEGIN_PASS pass_fork
        push    %r11
        .cfi_adjust_cfa_offset 8
        syscall
        test    %rax, %rax
        jz      go_on
        lea     8(%rsp), %rsp
        .cfi_adjust_cfa_offset -8
END_PASS

        # The same as pass_clone with its arguments in a structure, of which it takes a copy to change the size of the stack.
BEGIN_PASS pass_clone3
        push    %r11
        sub     $128, %rsp
        .cfi_adjust_cfa_offset 136
        mov     %rdi, 96(%rsp)
        mov     %rsi, 104(%rsp)
        cmp     $88, %rsi               # what the kernel knows; what is behind that is zero
        jbe     1f
        mov     $88, %esi
1:      mov     %r11, 112(%rsp)
        .irp    at, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80
        mov     \at(%rdi), %r11
        mov     %r11, \at(%rsp)
        .endr
        mov     %rsp, %rdi
        cmpq    $0, 40(%rsp)
        jz      2f                      # on a copy of this stack
        push    %rax
        mov     48(%rsp), %r11          # where the stack begins, and its size
        add     56(%rsp), %r11
        mov     120(%rsp), %rax
        mov     %rcx, -136(%r11)
        mov     %rax, -144(%r11)
        subq    $144, 56(%rsp)
        pop     %rax
2:      syscall
        cmp     %rsp, %rdi
        jne     go_on                   # a child on another stack
        mov     96(%rsp), %rdi
        mov     104(%rsp), %rsi
        sub     $-128, %rsp
        .cfi_adjust_cfa_offset -128
        test    %rax, %rax
        jz      go_on
        lea     8(%rsp), %rsp
        .cfi_adjust_cfa_offset -8
END_PASS

go_on:  ret

        # Parent and child share this stack, and the child overwrites what lies below it: the address is kept with the thread, and
        # both go back by it. The parent does not run until the child has another program or has ended. The child's calls are not
        # dispatched: it shares all memory with the parent, but not its signal handlers.
        .balign 16
pass_vfork:
        mov     vfork_return@gottpoff(%rip), %r11
        mov     %rcx, %fs:(%r11)
        syscall
        mov     vfork_return@gottpoff(%rip), %rcx
        jmp     *%fs:(%rcx)

        # Where children go on. One that was forked while the volume was mounted has no part in it.
child_forked:
        push    %rdi
        mov     mounted(%rip), %edi
        or      %edi, orphan(%rip)
        mov     largest_stack(%rip), %rdi
        mov     %rdi, left_stack(%rip)
        pop     %rdi
        movl    $0, helpers(%rip)
        incl    forks(%rip)
child_thread:
        push    %rdi
        push    %rsi
        push    %rdx
        push    %r10
        push    %r8
        call    enable
        pop     %r8
        pop     %r10
        pop     %rdx
        pop     %rsi
        pop     %rdi
        # posix_spawn's child: all memory is the parent's, the selector too, and its signal handlers are its own. Its calls stay as they
        # are until it has another program.
child_spawned:
        xor     %eax, %eax
        ret     $128

        # Dispatches the calls of this thread from now on. Returns what prctl returns.
enable:
        mov     selector@gottpoff(%rip), %r8
        movb    $ALLOW, %fs:(%r8)
        mov     $SYS_prctl, %eax
        mov     $PR_SET_SYSCALL_USER_DISPATCH, %edi
        mov     $1, %esi
        lea     pass_begin(%rip), %rdx
        mov     $pass_end - pass_begin, %r10d
        add     %fs:0, %r8
        syscall
        test    %rax, %rax
        jnz     1f
        mov     selector@gottpoff(%rip), %r8
        movb    $BLOCK, %fs:(%r8)
1:      ret

        # long raw_call(long number, long a0, ..., long a5): a call of the library's own.
        .balign 16
raw_call:
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        mov     %r9, %r8
        mov     8(%rsp), %r9
        syscall
        ret

        # A call of the code below; its arguments are in their registers.
call_kernel:
        syscall
        ret

        # Where signal handlers return to. Unwinders know a signal's frame by these very bytes; they begin before the label.
        .balign 16
        nop
restorer:
        mov     $15, %rax
        syscall
        nop                             # the kernel looks at the address behind the instruction

pass_end:

# ------------------------------------------------------------------------------------------------------------------------------------
# The handler of SIGSYS: edi signal, rsi siginfo, rdx ucontext. It runs on the program's stack, with no signal blocked.
        .balign 64
on_sigsys:
        cmpl    $2, 8(%rsi)             # SYS_USER_DISPATCH: of the dispatch, not sent by anything else
        jne     foreign
        mov     UC_RAX(%rdx), %rax
        cmp     $NUMBERS, %rax
        jae     as_plain
        lea     classes(%rip), %rcx
        movzbl  (%rcx,%rax), %eax
        lea     by_class(%rip), %rcx
        movslq  (%rcx,%rax,4), %rax
        add     %rcx, %rax
        jmp     *%rax

        # Goes on in a stub, with rcx as the stub wants it.
        .macro  RETURN_TO stub
        mov     UC_RIP(%rdx), %rax
        mov     %rax, UC_RCX(%rdx)
        lea     \stub(%rip), %rax
        mov     %rax, UC_RIP(%rdx)
        ret
        .endm

as_plain:
        RETURN_TO pass_plain

as_unmap:
        lock incl unmaps(%rip)
        jmp     as_address
as_map:
        testl   $MAP_FIXED, UC_R10(%rdx)
        jz      2f
        lock incl unmaps(%rip)
2:      mov     UC_R8(%rdx), %rax
        jmp     1f
as_descriptor:
        mov     UC_RDI(%rdx), %rax
1:      mov     %eax, %eax
        cmp     $DESCRIPTORS, %eax
        jae     as_address
        lea     descriptors(%rip), %rcx
        cmpb    $0, (%rcx,%rax)
        jne     as_ask
as_address:
        mov     low(%rip), %rax
        mov     high(%rip), %rcx
        cmp     %rcx, %rax
        jae     as_plain                # nothing is mapped
        .irp    register, UC_RDI, UC_RSI, UC_RDX, UC_R10, UC_R8, UC_R9
        mov     \register(%rdx), %r8
        cmp     %rax, %r8
        jb      1f
        cmp     %rcx, %r8
        jb      as_ask
1:
        .endr
        jmp     as_plain

as_vector:
        mov     UC_RDI(%rdx), %rax
        mov     %eax, %eax
        cmp     $DESCRIPTORS, %eax
        jae     1f
        lea     descriptors(%rip), %rcx
        cmpb    $0, (%rcx,%rax)
        jne     as_ask
1:      mov     low(%rip), %rax
        cmp     high(%rip), %rax
        jae     as_plain

        # A thread becomes known to the C# runtime where that is harmless. Later it may come from inside a function of libc that holds a lock
        # which the runtime needs for it.
as_attach:
        mov     attached@gottpoff(%rip), %rax
        cmpb    $0, %fs:(%rax)
        jne     as_plain
        movb    $1, %fs:(%rax)

as_ask:
        mov     gone@gottpoff(%rip), %rax
        cmpb    $0, %fs:(%rax)
        jne     as_plain
        push    %rdx
        call    ask
        pop     %rdx
        test    %eax, %eax
        jnz     as_plain
        ret

        # int on_call(siginfo, ucontext): 0 it is served, 1 it is passed on. Here the program's handlers may run again when it returns.
ask:
        push    %rbx
        mov     selector@gottpoff(%rip), %rbx
        movb    $ALLOW, %fs:(%rbx)
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        call    *on_call(%rip)
        movb    $BLOCK, %fs:(%rbx)
        mov     %eax, %ebx
        call    send_deferred
        mov     %ebx, %eax
        pop     %rbx
        ret

        # rt_sigprocmask(how, set, old): of the mask that the thread returns to.
as_sigprocmask:
        mov     UC_MASK(%rdx), %r8
        mov     %r8, %r9
        mov     UC_RSI(%rdx), %rsi
        test    %rsi, %rsi
        jz      3f
        mov     (%rsi), %rsi
        mov     UC_RDI(%rdx), %edi
        cmp     $1, %edi
        je      1f
        ja      2f
        or      %rsi, %r9               # SIG_BLOCK
        jmp     4f
1:      not     %rsi                    # SIG_UNBLOCK
        and     %rsi, %r9
        jmp     4f
2:      mov     %rsi, %r9               # SIG_SETMASK
        cmp     $SIG_SETMASK, %edi
        je      4f
        movq    $-22, UC_RAX(%rdx)      # EINVAL
        ret
4:      and     $~NEVER_BLOCKED, %r9
        mov     %r9, UC_MASK(%rdx)
3:      mov     UC_RDX(%rdx), %rsi
        test    %rsi, %rsi
        jz      5f
        mov     %r8, (%rsi)
5:      movq    $0, UC_RAX(%rdx)
        ret

        # The stack pointer stays: the program's frame lies there.
as_sigreturn:
        lea     restorer(%rip), %rax
        mov     %rax, UC_RIP(%rdx)
        ret

        .macro  RETURN_TO_CLONE stub child
        lea     \child(%rip), %rax
        mov     %rax, UC_R11(%rdx)
        RETURN_TO \stub
        .endm

as_vfork:
        call    before_process
        RETURN_TO pass_vfork

as_fork:
        call    before_process_alone
        RETURN_TO_CLONE pass_fork child_forked

as_clone:
        mov     UC_RDI(%rdx), %rax
        test    $CLONE_VM, %eax
        jz      1f
        cmpq    $0, UC_RSI(%rdx)
        je      as_vfork
        test    $CLONE_SETTLS, %eax
        jz      2f
        RETURN_TO_CLONE pass_clone child_thread
1:      call    before_process_alone
        RETURN_TO_CLONE pass_clone child_forked
2:      call    before_process
        RETURN_TO_CLONE pass_clone child_spawned

as_clone3:
        mov     UC_RDI(%rdx), %rcx
        test    %rcx, %rcx
        jz      as_plain                # EFAULT
        mov     (%rcx), %rax
        test    $CLONE_VM, %eax
        jz      1f
        cmpq    $0, 40(%rcx)
        je      as_vfork
        test    $CLONE_SETTLS, %eax
        jz      2f
        RETURN_TO_CLONE pass_clone3 child_thread
1:      call    before_process_alone
        RETURN_TO_CLONE pass_clone3 child_forked
2:      call    before_process
        RETURN_TO_CLONE pass_clone3 child_spawned

        # libc's fork has locked malloc by now, and has called prepare_fork before that.
before_process_alone:
        mov     prepared@gottpoff(%rip), %rax
        cmpb    $0, %fs:(%rax)
        movb    $0, %fs:(%rax)
        je      before_process
        ret

        # Before there is another process: the library is asked, so that it can let the volume go and end its own threads.
before_process:
        mov     mounted(%rip), %eax
        or      helpers(%rip), %eax
        jz      1f
        cmpl    $0, orphan(%rip)
        jne     1f
        mov     gone@gottpoff(%rip), %rax
        cmpb    $0, %fs:(%rax)
        jne     1f
        push    %rdx
        sub     $8, %rsp
        call    ask
        add     $8, %rsp
        pop     %rdx
1:      ret

        .macro  TAKE_MASK
        test    %rcx, %rcx
        jz      as_plain
        mov     (%rcx), %rcx
        and     $~NEVER_BLOCKED, %rcx
        mov     %rcx, UC_R11(%rdx)
        .endm

as_mask_rdi:
        mov     UC_RDI(%rdx), %rcx
        TAKE_MASK
        RETURN_TO pass_mask_rdi
as_mask_r10:
        mov     UC_R10(%rdx), %rcx
        TAKE_MASK
        RETURN_TO pass_mask_r10
as_mask_r8:
        mov     UC_R8(%rdx), %rcx
        TAKE_MASK
        RETURN_TO pass_mask_r8
as_pselect:
        mov     UC_R9(%rdx), %rcx
        test    %rcx, %rcx
        jz      as_plain
        mov     (%rcx), %rcx
        TAKE_MASK
        RETURN_TO pass_pselect

# ------------------------------------------------------------------------------------------------------------------------------------
# The handler of SIGSEGV.
        .balign 64
on_fault_signal:
        cmpl    $0, orphan(%rip)
        jne     foreign
        mov     gone@gottpoff(%rip), %rax
        cmpb    $0, %fs:(%rax)
        jne     foreign

        # int on_fault(signal, siginfo, ucontext): 0 the access is to be tried again, 1 it is not the library's.
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %edi, %ebx
        mov     %rsi, %r13
        mov     %rdx, %r14
        mov     selector@gottpoff(%rip), %r12
        movzbl  %fs:(%r12), %r15d       # a fault may be met inside the library, too
        movb    $ALLOW, %fs:(%r12)
        call    *on_fault(%rip)
        mov     %r15b, %fs:(%r12)
        test    %r15b, %r15b
        jz      1f
        mov     %eax, %r15d
        call    send_deferred
        mov     %r15d, %eax
1:      mov     %ebx, %edi
        mov     %r13, %rsi
        mov     %r14, %rdx
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        test    %eax, %eax
        jnz     foreign
        ret

fault_declined:
        mov     $1, %eax
        ret

        # A signal that is not the library's. In code of the library it is its runtime's; else the program's.
foreign:
        mov     selector@gottpoff(%rip), %rax
        cmpb    $ALLOW, %fs:(%rax)
        jne     1f
        lea     runtime_actions(%rip), %rcx
        mov     %edi, %eax
        shl     $5, %eax
        mov     (%rcx,%rax), %r8
        cmp     $1, %r8
        jbe     by_default
        jmp     *%r8
1:      lea     actions(%rip), %rcx
        mov     %edi, %eax
        shl     $5, %eax
        mov     (%rcx,%rax), %r8
        cmp     $1, %r8
        jb      by_default
        je      2f
        # The program's mask for the time of its handler, which the kernel was not given for this signal.
        mov     24(%rcx,%rax), %r9
        mov     8(%rcx,%rax), %r10
        test    $SA_NODEFER, %r10d
        jnz     3f
        lea     -1(%rdi), %ecx
        bts     %rcx, %r9
3:      and     $~NEVER_BLOCKED, %r9
        push    %rdi
        push    %rsi
        push    %rdx
        push    %r8
        push    %r9
        mov     $SYS_rt_sigprocmask, %eax
        xor     %edi, %edi              # SIG_BLOCK
        mov     %rsp, %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        call    call_kernel
        pop     %r9
        pop     %r8
        pop     %rdx
        pop     %rsi
        pop     %rdi
        lea     actions(%rip), %rcx
        mov     %edi, %eax
        shl     $5, %eax
        jmp     to_program
2:      cmpl    $0, 8(%rsi)             # ignored: if it was sent; a fault ends the process all the same
        jle     3f
        jmp     by_default
3:      ret

        # As if there were no handler: the access is repeated, or the signal sent again.
by_default:
        push    %rdi
        push    %rsi
        sub     $40, %rsp
        movq    $0, (%rsp)
        movq    $0, 8(%rsp)
        movq    $0, 16(%rsp)
        movq    $0, 24(%rsp)
        mov     $SYS_rt_sigaction, %eax
        mov     %rsp, %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        call    call_kernel
        add     $40, %rsp
        pop     %rsi
        pop     %rdi
        cmpl    $0, 8(%rsi)
        jle     1f
        mov     $1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 11, %eax      # SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV
        bt      %edi, %eax
        jc      2f
1:        push    %rbx
        mov     %edi, %ebx
        mov     $SYS_gettid, %eax
        call    call_kernel
        push    %rax
        mov     $SYS_getpid, %eax
        call    call_kernel
        mov     %eax, %edi
        pop     %rsi
        mov     %ebx, %edx
        mov     $SYS_tgkill, %eax
        call    call_kernel
        pop     %rbx
2:      ret

# ------------------------------------------------------------------------------------------------------------------------------------
# The handler of every other signal for which the program has one. One that comes while the thread is inside the library waits until the
# thread leaves it: the program's handler may make calls, and need not return.
        .balign 64
on_program_signal:
        mov     selector@gottpoff(%rip), %rax
        cmpb    $ALLOW, %fs:(%rax)
        je      3f
        lea     actions(%rip), %rcx
        mov     %edi, %eax
        shl     $5, %eax
        mov     (%rcx,%rax), %r8
        cmp     $1, %r8
        jb      by_default              # of a handler for one signal only
        je      2f
to_program:
        testl   $SA_RESETHAND, 8(%rcx,%rax)
        jz      1f
        movq    $0, (%rcx,%rax)
1:      jmp     *%r8
2:      ret
3:      cmpl    $8, %edi                # SIGFPE, SIGILL, SIGTRAP of the library's own code: its runtime's
        je      4f
        cmpl    $4, %edi
        je      4f
        cmpl    $5, %edi
        jne     5f
4:      cmpl    $0, 8(%rsi)
        jg      foreign
        # Remembered, with all others blocked until the thread leaves the library.
5:      push    %rdi
        push    %rsi
        mov     deferred@gottpoff(%rip), %rax
        mov     %edi, %fs:(%rax)
        mov     UC_MASK(%rdx), %rcx
        mov     deferred_mask@gottpoff(%rip), %rax
        mov     %rcx, %fs:(%rax)
        mov     $~(NEVER_BLOCKED | 1 << 7 | 1 << 3 | 1 << 4 | 1 << 33), %rcx
        mov     %rcx, UC_MASK(%rdx)
        mov     deferred_info@gottpoff(%rip), %rdi
        add     %fs:0, %rdi
        mov     $16, %ecx
        rep movsq
        pop     %rsi
        pop     %rdi
        ret

        # Sends the signal that waited, with what came with it, to this thread. It is still blocked: the end of the handler that this is
        # called from, or the caller, unblocks it. Keeps no register but those of the C interface.
send_deferred:
        mov     deferred@gottpoff(%rip), %rax
        mov     %fs:(%rax), %edx
        test    %edx, %edx
        jz      1f
        movl    $0, %fs:(%rax)
        push    %rdx
        mov     $SYS_gettid, %eax
        call    call_kernel
        push    %rax
        mov     $SYS_getpid, %eax
        call    call_kernel
        mov     %eax, %edi
        pop     %rsi
        pop     %rdx
        mov     deferred_info@gottpoff(%rip), %r10
        add     %fs:0, %r10
        mov     $SYS_rt_tgsigqueueinfo, %eax
        call    call_kernel
1:      ret

# ------------------------------------------------------------------------------------------------------------------------------------
# What stands in the tables of the program's objects in place of the functions that it calls most. A marked descriptor's calls are served
# without a signal.
        .macro  HOOK function number
        .balign 16
hook_\function:
        mov     $\number, %r10d
        lea     1f(%rip), %r11
        jmp     hook
1:      jmp     \function@PLT
        .weak   \function
        .section .data.hooks, "aw"
        .quad   2f, hook_\function
        .section .rodata
2:      .asciz  "\function"
        .text
        .endm

        .section .data.hooks, "aw"
        .balign 8
hooks:
        .text
HOOK read 0
HOOK __read_chk 0
HOOK write 1
HOOK lseek 8
HOOK lseek64 8
HOOK pread 17
HOOK pread64 17
HOOK __pread_chk 17
HOOK __pread64_chk 17
HOOK pwrite 18
HOOK pwrite64 18
HOOK readv 19
HOOK writev 20
HOOK preadv 295
HOOK preadv64 295
HOOK pwritev 296
HOOK pwritev64 296
HOOK fsync 74
HOOK fdatasync 75
        .section .data.hooks, "aw"
        .quad   0, 0
        .text

        # What libc's fork calls first (pthread_atfork). The call does not exist: it is dispatched, and served.
        .balign 16
prepare_fork:
        mov     mounted(%rip), %eax
        or      helpers(%rip), %eax
        jz      1f
        mov     $SYS_prepare_fork, %eax
        syscall
        mov     prepared@gottpoff(%rip), %rax
        movb    $1, %fs:(%rax)
1:      ret

        .balign 64
hook:
        mov     %edi, %eax
        cmp     $DESCRIPTORS, %eax
        jae     hook_declined
        push    %rbx
        lea     descriptors(%rip), %rbx
        cmpb    $0, (%rbx,%rax)
        mov     gone@gottpoff(%rip), %rax
        je      1f
        cmpb    $0, %fs:(%rax)
        je      2f
1:      pop     %rbx
hook_declined:
        jmp     *%r11
2:      push    %r12
        push    %r11
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %r8
        sub     $24, %rsp
        mov     selector@gottpoff(%rip), %r12
        movzbl  %fs:(%r12), %ebx
        movb    $ALLOW, %fs:(%r12)
        mov     %r10d, %r8d
        mov     %rsp, %r9
        # int on_hook(a0, a1, a2, a3, number, long *result): 0 it is served, 1 it is passed on.
        call    *on_hook(%rip)
        mov     %bl, %fs:(%r12)
        mov     deferred@gottpoff(%rip), %rcx
        cmpl    $0, %fs:(%rcx)
        jne     5f
3:      test    %eax, %eax
        jnz     4f
        mov     (%rsp), %rax
        add     $72, %rsp
        pop     %r12
        pop     %rbx
        cmp     $-4095, %rax
        jae     6f
        ret
4:      add     $24, %rsp
        pop     %r8
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        pop     %r11
        pop     %r12
        pop     %rbx
        jmp     *%r11
        # A signal waited: it is sent, and the mask becomes the program's again.
5:      mov     %eax, 8(%rsp)
        call    send_deferred
        mov     $SYS_rt_sigprocmask, %eax
        mov     $SIG_SETMASK, %edi
        mov     deferred_mask@gottpoff(%rip), %rsi
        add     %fs:0, %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        call    call_kernel
        mov     8(%rsp), %eax
        jmp     3b
6:      neg     %eax
        push    %rax
        call    __errno_location@PLT
        pop     %rcx
        mov     %ecx, (%rax)
        mov     $-1, %rax
        ret

# ------------------------------------------------------------------------------------------------------------------------------------
# Threads. The C# runtime lets go of a thread in the destructor of a pthread key. It is to be the last one, since those of the program may
# still make calls: the key that the runtime makes while it starts gets thread_end as its destructor.
        .globl  pthread_key_create
        .type   pthread_key_create, @function
pthread_key_create:
        cmpb    $0, starting(%rip)
        jz      1f
        mov     %rdi, runtime_key(%rip)
        mov     %rsi, runtime_end(%rip)
        lea     thread_end(%rip), %rsi
1:      jmp     __pthread_key_create@PLT

        # libc calls the destructors in four rounds, as long as there are values.
thread_end:
        mov     rounds@gottpoff(%rip), %rax
        incb    %fs:(%rax)
        cmpb    $4, %fs:(%rax)
        jae     1f
        mov     %rdi, %rsi
        mov     runtime_key(%rip), %rax
        mov     (%rax), %edi
        jmp     pthread_setspecific@PLT
1:      mov     gone@gottpoff(%rip), %rax
        movb    $1, %fs:(%rax)
        mov     selector@gottpoff(%rip), %rax
        movb    $ALLOW, %fs:(%rax)
        push    %rax
        call    *runtime_end(%rip)
        pop     %rax
        movb    $BLOCK, %fs:(%rax)
        ret

# A fork leaves the stacks of all other threads behind, and libc gives them to new threads of the child. On such a stack lies what the C#
# runtime keeps of its thread, linked with that of the others: a thread that begins there breaks the chain, and the next collection of
# garbage follows it for ever. So a thread of a forked process gets a larger stack than any before the fork. One that the program has
# made itself is taken as it is.
        .globl  pthread_create
        .type   pthread_create, @function
pthread_create:
        push    %rdi                    # the thread
        push    %rsi                    # its attributes
        push    %rdx
        push    %rcx
        sub     $72, %rsp               # a copy of the attributes, 56 bytes; the size of the stack; its address
        cmpq    $0, libc_create(%rip)
        jne     1f
        mov     $-1, %rdi               # RTLD_NEXT
        lea     create_name(%rip), %rsi
        call    dlsym@PLT
        mov     %rax, libc_create(%rip)

1:      mov     %rsp, %rdi
        mov     88(%rsp), %rsi
        test    %rsi, %rsi
        jz      2f
        mov     $7, %ecx
        rep movsq
        mov     %rsp, %rdi
        lea     64(%rsp), %rsi
        lea     56(%rsp), %rdx
        call    pthread_attr_getstack@PLT
        mov     56(%rsp), %rax
        add     64(%rsp), %rax          # where the stack ends: 0 for one that libc is to make
        jz      3f
        jmp     5f
2:      call    pthread_attr_init@PLT
3:      mov     %rsp, %rdi
        lea     56(%rsp), %rsi
        call    pthread_attr_getstacksize@PLT

        mov     56(%rsp), %rsi
        mov     left_stack(%rip), %rdx
        test    %rdx, %rdx
        jz      4f
        lea     STACK_MARGIN(%rdx), %rax
        cmp     %rax, %rsi
        cmovb   %rax, %rsi
4:      mov     largest_stack(%rip), %rax
6:      cmp     %rax, %rsi
        jbe     7f
        lock cmpxchg %rsi, largest_stack(%rip)
        jne     6b
7:      test    %rdx, %rdx
        jz      5f
        mov     %rsp, %rdi
        call    pthread_attr_setstacksize@PLT
        mov     %rsp, %rsi
        jmp     8f

5:      mov     88(%rsp), %rsi
8:      mov     96(%rsp), %rdi
        mov     80(%rsp), %rdx
        mov     72(%rsp), %rcx
        call    *libc_create(%rip)
        add     $104, %rsp
        ret

# ------------------------------------------------------------------------------------------------------------------------------------
# Called by the loader, after the constructors of the library.
start:
        push    %rbx
        push    %r12
        sub     $24, %rsp

        # The signal handlers as they are before the library's runtime sets its own.
        lea     actions+32(%rip), %r12
        mov     $1, %ebx
1:      mov     $SYS_rt_sigaction, %eax
        mov     %ebx, %edi
        xor     %esi, %esi
        mov     %r12, %rdx
        mov     $8, %r10d
        call    call_kernel
        add     $32, %r12
        inc     %ebx
        cmp     $SIGNALS, %ebx
        jb      1b

        # Threads that start now are the library's: no signal of the program is to reach them.
        movq    $-1, (%rsp)
        mov     $SYS_rt_sigprocmask, %eax
        mov     $SIG_SETMASK, %edi
        mov     %rsp, %rsi
        lea     8(%rsp), %rdx
        mov     $8, %r10d
        call    call_kernel

        movb    $1, starting(%rip)
        lea     table(%rip), %rdi
        call    __daxemu_start@PLT      # int: whether calls are to be dispatched
        movb    $0, starting(%rip)
        mov     %eax, %ebx

        mov     $SYS_rt_sigprocmask, %eax
        mov     $SIG_SETMASK, %edi
        lea     8(%rsp), %rsi
        andq    $~NEVER_BLOCKED, (%rsi)
        xor     %edx, %edx
        mov     $8, %r10d
        call    call_kernel

        mov     attached@gottpoff(%rip), %rax
        movb    $1, %fs:(%rax)
        mov     selector@gottpoff(%rip), %rax
        mov     %bl, %fs:(%rax)
        add     $24, %rsp
        pop     %r12
        pop     %rbx
        ret

# ------------------------------------------------------------------------------------------------------------------------------------
        .section .rodata
        .balign 4
create_name:    .asciz  "pthread_create"
        .balign 4
by_class:
        .irp    target, as_plain, as_ask, as_descriptor, as_address, as_map, as_vector, as_sigprocmask, as_sigreturn, as_fork, as_vfork, as_clone, as_clone3, as_mask_rdi, as_mask_r10, as_mask_r8, as_pselect, as_attach, as_unmap
        .long   \target - by_class
        .endr

        # Shared with StubTable.cs, in this order.
        .data
        .balign 64
table:
low:            .quad -1                # addresses of mappings, from low to before high
high:           .quad 0
mounted:        .long 0                 # whether the volume is
orphan:         .long 0                 # whether this process was forked while it was
forks:          .long 0                 # how many forks lead to this process
unmaps:         .long 0                 # grows when the program unmaps or protects memory
helpers:        .long 0                 # whether threads of the library's own may run
                .long 0
on_call:        .quad 0
on_fault:       .quad 0
on_hook:        .quad 0
                .quad descriptors
                .quad classes
                .quad actions
                .quad runtime_actions
                .quad hooks
                .quad raw_call
                .quad restorer
                .quad on_sigsys
                .quad on_fault_signal
                .quad fault_declined
                .quad on_program_signal
                .quad enable
                .quad prepare_fork

libc_create:    .quad 0
largest_stack:  .quad 0                 # that a thread of this process, or of one before a fork, has asked for
left_stack:     .quad 0                 # the same when this process was forked; 0 for one that was not
runtime_key:    .quad 0
runtime_end:    .quad 0
starting:       .byte 0

        .bss
        .balign 64
descriptors:    .skip DESCRIPTORS       # 1: the library's
classes:        .skip NUMBERS
        # struct sigaction of the kernel, by signal: the program's, and those of the library's runtime.
actions:        .skip SIGNALS * 32
runtime_actions: .skip SIGNALS * 32

        .section .tbss, "awT", @nobits
        .balign 8
vfork_return:   .skip 8
deferred_mask:  .skip 8                 # the mask that the program had
deferred_info:  .skip 128
deferred:       .skip 4                 # a signal that waits for the thread to leave the library
selector:       .skip 1
attached:       .skip 1                 # the runtime knows this thread
prepared:       .skip 1                 # libc's fork has asked the library already
gone:           .skip 1                 # the runtime has let go of this thread
rounds:         .skip 1

        .section .note.GNU-stack, "", @progbits
